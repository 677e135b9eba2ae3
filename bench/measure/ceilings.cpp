#include "bench/measure/ceilings.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "bench/measure/statistics.h"
#include "bench/random.h"

namespace lossbench {
namespace {

constexpr std::size_t kPage = 4096;
constexpr int kSamples = 15, kFewestSamples = 3;
constexpr double kMostSeconds = 0.1;  // for the samples of one way, beyond the fewest

std::size_t size_class(std::size_t bytes) {
  const std::size_t above = std::bit_ceil(std::max(bytes, 4 * kPage));
  return bytes < above / 4 * 3 && above > 4 * kPage ? above / 2 : above;
}

}  // namespace

std::size_t Ceiling::bytes_each() const { return std::max(bytes / static_cast<std::size_t>(arrays_of(shape)) / kPage, std::size_t{1}) * kPage; }

void Ceiling::saw(double median, double fastest) {
  if (first == 0) first = median;
  last = median;
  best = std::max(best, median);
  peak = std::max(peak, fastest);
}

double Ceiling::drift() const { return last > 0 && first > 0 ? std::fabs(last / first - 1) : 0; }

std::byte* Ceilings::arena(std::size_t bytes) {
  if (arena_ && arena_->bytes() >= bytes) return arena_->data();
  arena_.reset();
  arena_ = std::make_unique<DeviceMemory>(*device_, bytes);
  // Not zeros: memory and caches may treat those better than data.
  const RandomStream stream(1, "ceiling");
  std::vector<std::uint64_t> words(std::min<std::size_t>(bytes, std::size_t{1} << 20) / 8);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = stream.bits(static_cast<std::int64_t>(i));
  for (std::size_t at = 0; at < bytes; at += words.size() * 8)
    device_->upload(arena_->data() + at, words.data(), std::min(bytes - at, words.size() * 8));
  return arena_->data();
}

std::vector<Sample> Ceilings::samples_of(Rotation& rotation) {
  Sampler sampler([&] { return rotation.time(); }, rotation.calls(), Pace::of(*device_).sampler_for(rotation.replay_seconds()), clock_);
  sampler.round(kFewestSamples);
  sampler.round(kSamples - kFewestSamples, kMostSeconds);
  return sampler.samples();
}

std::unique_ptr<Rotation> Ceilings::passes(const Ceiling& ceiling, int way, const Pace& pace) {
  const TrafficShape shape = ceiling.shape;
  const std::size_t each = ceiling.bytes_each(), set_bytes = ceiling.bytes_of_pass();
  const int sets = sets_to_rotate(device_->cache_bytes(), set_bytes);
  std::byte* const memory = arena(static_cast<std::size_t>(sets) * set_bytes);
  return std::make_unique<Rotation>(*device_, [device = device_, memory, shape, each, set_bytes, way](int set) {
    std::byte* const first = memory + static_cast<std::size_t>(set) * set_bytes;
    std::byte* const second = reads_of(shape) == 2 ? first + each : nullptr;
    std::byte* const out = writes(shape) ? first + static_cast<std::size_t>(reads_of(shape)) * each : nullptr;
    device->stream_through(shape, first, second, out, each, way);
  }, sets, false, pace);
}

void Ceilings::look_at(Ceiling& ceiling, int first_way, int last_way) {
  device_->forget_persisting_lines();
  const double bytes = static_cast<double>(ceiling.bytes_of_pass());
  double typical = 0, peak = 0;
  for (int way = first_way; way <= last_way; ++way) {
    watch_.look();
    const std::unique_ptr<Rotation> rotation = passes(ceiling, way, way == first_way ? Pace::of(*device_) : Pace::of(*device_).when_warm());
    const std::vector<Sample> samples = samples_of(*rotation);
    const std::vector<double> seconds = seconds_of(samples);
    ceiling.clean = ceiling.clean || enough_clean(samples);
    const double speed = bytes / median(seconds);
    if (speed > typical) ceiling.way = way, typical = speed;
    peak = std::max(peak, bytes / quantile(seconds, 0));
  }
  ceiling.saw(typical, peak);
}

const Ceiling* Ceilings::find(TrafficShape shape, std::size_t bytes) const {
  const std::size_t size = size_class(bytes);
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const Ceiling& known) { return known.shape == shape && known.bytes == size; });
  return found == all_.end() ? nullptr : &*found;
}

Ceiling& Ceilings::entry(TrafficShape shape, std::size_t bytes) {
  if (const Ceiling* known = find(shape, bytes)) return all_[static_cast<std::size_t>(known - all_.data())];
  Ceiling ceiling{shape, size_class(bytes)};
  const double start = watch_.now();
  look_at(ceiling, 0, device_->ways_to_stream() - 1);
  looking_ += watch_.now() - start;
  all_.push_back(ceiling);
  return all_.back();
}

const Ceiling& Ceilings::of(TrafficShape shape, std::size_t bytes) { return entry(shape, bytes); }

const Ceiling& Ceilings::look_again(TrafficShape shape, std::size_t bytes) {
  Ceiling& known = entry(shape, bytes);
  look_at(known, known.way, known.way);
  return known;
}

double Ceilings::launch_seconds() {
  if (launch_ == 0 && !watch_.stopped() && device_->lost().empty()) {
    Rotation rotation(*device_, [this](int) { device_->launch_nothing(); }, 1, false, Pace::of(*device_));
    launch_ = median(seconds_of(samples_of(rotation)));
  }
  return launch_;
}

void Ceilings::close(double until) {
  if (!device_->lost().empty()) return;
  for (Ceiling& known : all_)
    if (watch_.now() < until) look_at(known, known.way, known.way);
}

}  // namespace lossbench
