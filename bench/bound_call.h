// One call made ready on a device: inputs uploaded, outputs and workspace in place, guard zones around all of them.
#pragma once

#include <string>
#include <vector>

#include "bench/device.h"
#include "bench/request.h"
#include "core/variant.h"

namespace lossbench {

class BoundCall {
 public:
  /// Arrays start `misalignment` elements after a 256-byte boundary.
  BoundCall(Device& device, const Implementation& implementation, const Resolved& resolved, int misalignment = 0);

  /// Fills every output with a byte, by default 0xFF, which is NaN, or -1: what a kernel does not write is seen.
  void poison_outputs(unsigned char byte = 0xFF);
  /// Enqueues the call.
  void run() { implementation_->run(problem_, workspace_, device_->stream()); }
  void finish() { device_->finish(); }

  /// The output of that name as it stands now.
  Tensor output(const std::string& name) const;
  /// What was damaged: an input that changed, or bytes around an array that were written. Empty when nothing was.
  std::string damage() const;

  const Problem& problem() const { return problem_; }
  /// Memory that the call's arrays take on the device.
  std::size_t footprint() const;

 private:
  struct Piece {
    std::string name;
    DeviceMemory memory;
    std::size_t start = 0, bytes = 0;
    const Tensor* original = nullptr;  ///< of an input
  };
  Piece& place(const std::string& name, std::size_t bytes, std::size_t offset);
  std::vector<std::byte> download(const Piece& piece) const;

  Device* device_;
  const Implementation* implementation_;
  Problem problem_;
  Workspace workspace_;
  std::vector<Piece> pieces_;
};

}  // namespace lossbench
