#include "bench/emulator.h"

#include <algorithm>
#include <thread>

#include "simt/emulator/counters.h"
#include "simt/emulator/options.h"
#include "simt/emulator/sanitizers.h"
#include "simt/emulator/serial.h"

namespace lossbench {

Traffic count_traffic(const std::function<void()>& work) {
  simt::CountScope scope;
  simt::most_serial_work() = {};
  work();
  Traffic traffic;
  traffic.launches = static_cast<std::int64_t>(scope->launches);
  traffic.atomics = static_cast<std::int64_t>(scope->atomics);
  traffic.atomics_on_one_address = static_cast<std::int64_t>(simt::most_serial_work().atomics);
  traffic.barriers_in_one_block = static_cast<std::int64_t>(simt::most_serial_work().barriers);
  for (const auto& [name, count] : scope->arrays) traffic.bytes[name] = static_cast<std::int64_t>(count.load_bytes + count.store_bytes);
  return traffic;
}

OneThreadLaunches::OneThreadLaunches() : saved_(simt::options().os_threads) { simt::options().os_threads = 1; }
OneThreadLaunches::~OneThreadLaunches() { simt::options().os_threads = saved_; }

unsigned launching_threads() { return SIMT_TSAN ? 1 : std::max(1u, std::thread::hardware_concurrency()); }

}  // namespace lossbench
