#include "simt/emulator/fiber.h"

#include <sys/mman.h>

#include <cstdint>

#include "simt/error.h"

namespace simt::inline SIMT_BUILD {

namespace {

namespace context = boost::context::detail;

constexpr std::size_t kPage = 4096;

// The fiber that is being left. A fiber never moves to another OS thread.
constinit thread_local Fiber* leaving = nullptr;

// Runs on the stack that was switched to: where the other one stopped is known only now.
void arrive([[maybe_unused]] Fiber& self, context::transfer_t transfer) {
  leaving->context = transfer.fctx;
#if SIMT_ASAN
  const void* low = nullptr;
  std::size_t size = 0;
  __sanitizer_finish_switch_fiber(self.fake_stack, &low, &size);
  if (!leaving->known_low) {  // the OS thread's own stack
    leaving->known_low = low;
    leaving->known_size = size;
  }
#endif
}

}  // namespace

void restart(Fiber& fiber, FiberEntry entry) {
  const auto size = static_cast<std::size_t>(fiber.stack_top - fiber.stack_low);
  permit(fiber.stack_low, size);  // red zones of frames that never returned
  fiber.context = context::make_fcontext(fiber.stack_top, size, entry);
  fiber.fake_stack = nullptr;
  fiber.known_low = fiber.stack_low;
  fiber.known_size = size;
}

void switch_fiber(Fiber& from, Fiber& to) {
#if SIMT_ASAN
  __sanitizer_start_switch_fiber(&from.fake_stack, to.known_low, to.known_size);
#endif
#if SIMT_TSAN
  __tsan_switch_to_fiber(to.race_fiber, 1);  // 1: the switch itself orders nothing
#endif
  leaving = &from;
  arrive(from, context::jump_fcontext(to.context, nullptr));
}

void complete_switch(Fiber& self, context::transfer_t transfer) { arrive(self, transfer); }

Stacks::~Stacks() { clear(); }

void Stacks::clear() {
  for (auto [memory, size] : maps_) {
    permit(memory, size);
    munmap(memory, size);
  }
  maps_.clear();
}

char* Stacks::map(std::size_t count, std::size_t bytes) {
  const std::size_t size = count * (bytes + kPage);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw Error("simt: cannot map the stacks of a block's threads");
  maps_.emplace_back(static_cast<char*>(memory), size);
  return static_cast<char*>(memory);
}

void Stacks::place(Fiber& fiber, char* memory, std::size_t slot, std::size_t number, std::size_t bytes) {
  // Equal stack tops would put the hot frames of all threads into the same few cache sets.
  constexpr std::size_t kSpread = 832;
  char* guard = memory + slot * (bytes + kPage);
  mprotect(guard, kPage, PROT_NONE);
  fiber.stack_low = guard + kPage;
  fiber.stack_top = fiber.stack_low + bytes - number * kSpread % kPage;
}

}  // namespace simt::inline SIMT_BUILD
