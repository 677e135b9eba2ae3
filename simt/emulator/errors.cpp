// Messages: one line that says in which kernel, block, thread and source line something is wrong, and what.
#include <cstdio>
#include <map>
#include <tuple>

#include "simt/emulator/gang.h"
#include "simt/emulator/text.h"
#include "simt/error.h"

namespace simt::inline SIMT_BUILD {

std::string to_string(uint3 v) { return text("(", v.x, ",", v.y, ",", v.z, ")"); }

std::string to_string(const Site& site) {
  std::string_view path = site.file ? site.file : "?";
  const std::size_t name = path.rfind('/');
  const std::size_t folder = name == path.npos || name == 0 ? path.npos : path.rfind('/', name - 1);
  if (folder != path.npos) path.remove_prefix(folder + 1);
  return text(path, ":", site.line);
}

std::string describe_mask(std::uint32_t mask) {
  char hex[16];
  std::snprintf(hex, sizeof hex, "0x%08x", mask);
  return hex;
}

std::string describe_place(const Job& job, uint3 block) {
  return text("kernel '", job.launch.kernel, "', block ", to_string(block));
}

std::string describe_place(const Job& job, const Lane& lane) {
  return text(describe_place(job, lane.block->index), ", thread ", to_string(lane.thread));
}

void fail(const std::string& what, Site site) {
  if (!current_gang) throw Error(text("simt: ", to_string(site), ": ", what, ", outside any kernel"));
  current_gang->abandon(text("simt: ", describe_place(*current_gang->job, *current_lane), ", ", to_string(site), ": ", what));
}

namespace {

const char* verb_of(Access access) {
  static constexpr const char* kVerbs[] = {"load from", "store to", "atomic on"};
  return kVerbs[static_cast<int>(access)];
}

}  // namespace

void fail_access(Access access, const char* array, bool null, std::int64_t index, int elements, std::int64_t extent,
                 Site site) {
  if (null) fail(text(verb_of(access), " a null array"), site);
  const std::string last = elements > 1 ? text(" … ", index + elements - 1) : "";
  fail(text(verb_of(access), " `", array, "` out of bounds: element ", index, last, " of ", extent), site);
}

void fail_alignment(Access access, const char* array, std::int64_t index, unsigned bytes, Site site) {
  fail(text("misaligned ", verb_of(access), " `", array, "`: element ", index, " is not at a multiple of ", bytes, " bytes"),
       site);
}

namespace {

/// Threads that wait in the same way at the same place are one line of the story.
struct WaitingGroup {
  unsigned count = 0;
  const Lane* first = nullptr;
};

std::string describe(const Gang& gang, const WaitingGroup& group) {
  const Lane& lane = *group.first;
  std::string line = text(group.count, group.count == 1 ? " thread " : " threads ");
  switch (lane.state) {
    case State::exited: line += "exited"; break;
    case State::at_barrier: line += "in __syncthreads()"; break;
    case State::at_cluster_barrier: line += "in cluster_wait()"; break;
    case State::at_mbarrier: line += "waiting for an mbarrier"; break;
    case State::at_bulk_wait: line += "waiting for bulk stores"; break;
    case State::polling: line += "polling"; break;
    case State::in_warp_op:
      line += text("in ", name_of(lane.request.op), " with mask ", describe_mask(lane.request.mask));
      break;
    case State::ready: line += "running"; break;
  }
  if (lane.state != State::exited) line += text(" at ", to_string(lane.site));
  return line + text(group.count == 1 ? " (thread " : " (first thread ", gang.name_of(lane), ")");
}

}  // namespace

std::string Gang::name_of(const Lane& lane) const {
  return block_count_ > 1 ? text(to_string(lane.thread), " of block ", to_string(lane.block->index)) : to_string(lane.thread);
}

std::string Gang::describe_stuck() {
  std::map<std::tuple<State, WarpOp, std::uint32_t, std::string>, WaitingGroup> groups;
  bool polls = false;
  for (const Lane& lane : lanes_) {
    if (!lane.block || lane.warp >= warp_count_) continue;
    const bool in_warp_op = lane.state == State::in_warp_op;
    WaitingGroup& group = groups[{lane.state, in_warp_op ? lane.request.op : WarpOp::sync, in_warp_op ? lane.request.mask : 0,
                                  lane.state == State::exited ? "" : to_string(lane.site)}];
    if (group.count++ == 0) group.first = &lane;
    polls |= lane.state == State::polling;
  }
  std::string story = text("simt: ", describe_place(*job, blocks_[0]->index), ": ", polls ? "a wait that never ends" : "deadlock");
  const char* separator = ": ";
  for (const auto& [key, group] : groups) {
    story += separator + describe(*this, group);
    separator = "; ";
  }
  return story;
}

}  // namespace simt::inline SIMT_BUILD

#if SIMT_ASAN
// AddressSanitizer calls the first of these before it prints a report, UBSan the second after.
extern "C" [[gnu::visibility("default")]] void __asan_on_error() {
  using namespace simt;
  if (current_gang && current_lane && current_lane->block)
    std::fprintf(stderr, "simt: in %s\n", describe_place(*current_gang->job, *current_lane).c_str());
}
extern "C" [[gnu::visibility("default")]] void __ubsan_on_report() { __asan_on_error(); }
#endif
