// One variant of a group, made ready to be timed: checked, recorded, sampled in rounds, checked again.
#pragma once

#include <memory>
#include <vector>

#include "bench/bound_call.h"
#include "bench/measure/case_data.h"
#include "bench/measure/ceilings.h"
#include "bench/measure/measurement.h"
#include "bench/measure/rotation.h"
#include "bench/measure/settings.h"

namespace lossbench {

class Contestant {
 public:
  /// `arrays` are shared by the contestants of a group. They hold `sets` in turn; all that is handed in outlives this. A case of the scalar
  /// reference, which is timed without the conversions around it and is its own gate, uses neither arrays nor a device.
  Contestant(const Case& entry, Device& device, std::vector<InputSet>& sets, std::vector<DeviceArrays>& arrays, Ceilings& ceilings,
             const Settings& settings);

  /// Gate, recording, gate on the recording, warm-up. A fault ends the contest for it.
  void prepare();
  /// One round of samples, the group's `number`th. What the first one wrote is looked at: a call that only works while it is checked is found out.
  void round(int number);
  /// Whether its median is to be known better, and it has time left.
  bool wants_more() const;
  /// Samples so far.
  std::size_t taken() const { return alive() && sampler_ ? sampler_->samples().size() : 0; }
  /// Of its median; infinite as long as too few samples are clean.
  double uncertainty() const;
  /// Gate on the recording that was timed, then with other inputs in the same arrays; then the figure against what is physically
  /// possible.
  void finish();
  bool finished() const { return finished_; }

  const Case& entry() const { return *entry_; }
  bool alive() const { return measurement_.fault.empty(); }
  Measurement& measurement() { return measurement_; }

 private:
  template <class Step>
  void attempt(const Step& step);
  void fail(std::string fault);
  void call(std::size_t set);
  const InputSet& inputs_of(std::size_t set) const { return (*sets_)[set % sets_->size()]; }
  std::string gate(BoundCall& call, const InputSet& set, const std::function<void()>& work);
  std::string gate_set(std::size_t set);
  std::string gate_all(const std::string& when);
  std::string check_before();
  std::string check_launches() const;
  std::string check_other_inputs();
  std::string check_floor();
  bool scalar() const { return entry_->variant->backend == Backend::scalar; }
  void poison_heads();
  std::string check_heads() const;
  void plan();
  double most_seconds() const;
  void look() const { ceilings_->watch().look(); }

  const Case* entry_;
  Device* device_;
  std::vector<InputSet>* sets_;
  std::vector<DeviceArrays>* arrays_;
  Ceilings* ceilings_;
  const Settings* settings_;
  const Implementation* implementation_ = nullptr;
  std::vector<BoundCall> calls_;
  std::unique_ptr<WideProblem> wide_;
  std::unique_ptr<Rotation> rotation_;
  std::unique_ptr<Sampler> sampler_;
  std::size_t next_cold_ = 0;
  int samples_a_round_ = 1;
  bool finished_ = false;
  Measurement measurement_;
};

}  // namespace lossbench
