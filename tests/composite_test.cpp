// Composite losses: what they move, in how many launches, and that they do so whatever the sizes and alignments.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "bench/selection.h"
#include "simt/emulator/counters.h"
#include "simt/emulator/options.h"
#include "tests/every_case.h"

namespace lossbench::testing {
namespace {

/// The variants that move what the contract says and no more.
constexpr std::string_view kExact[] = {"all_parts", "tiled_priors", "all_stages"};

struct CompositeCase {
  std::string name;
  const Loss* loss;
  const Implementation* implementation;
  Resolved resolved;
};

Resolved resolve_case(const Loss& loss, const OptionSet& set, Pass pass, DType dtype, const Shape& shape, DataKind kind = DataKind::kept) {
  const DataMaker maker(loss, set.options, dtype, DType::i64, kind, 11);
  Request request{.loss = &loss, .options = set.options, .pass = pass, .dtype = dtype, .inputs = maker.inputs(shape, set.extra),
                  .grad_output = std::nullopt, .gradients = {}};
  if (pass == Pass::gradient) request.gradients = differentiable_inputs(loss, set.options, request.inputs, true);
  return resolve(std::move(request));
}

void for_exact_cases(const std::function<void(const CompositeCase&)>& visit) {
  for (const Loss& loss : Registry::instance().losses()) {
    if (!loss.composite()) continue;
    for (const OptionSet& set : option_sets(loss))
      for (const Pass pass : {Pass::forward, Pass::gradient})
        for (const DType dtype : {DType::f32, DType::bf16})
          for (const Shape& shape : loss.cases.few)
            for (const Variant* variant : Registry::instance().variants_of(loss.name)) {
              if (loss.name.ends_with("rcnn") && shape.back() > 128) continue;  // longer rows than a warp keeps are read again
              if (loss.name == "openpose" && shape.front() > 8) continue;  // targets are read once for each eight stages
              if (variant->backend != Backend::simt || std::find(std::begin(kExact), std::end(kExact), variant->name) == std::end(kExact)) continue;
              CompositeCase entry{loss.name + "/" + variant->name + "/" + std::string(name_of(pass)) + "/" + std::string(name_of(dtype)) + "/" +
                                      shape_text(shape) + " " + set.text,
                                  &loss, nullptr, resolve_case(loss, set, pass, dtype, shape)};
              std::string reason;
              entry.implementation = find_implementation(*variant, entry.resolved.problem, reason);
              if (entry.implementation) visit(entry);
            }
  }
}

TEST(Composite, EveryArrayMovesAsTheContractSays) {
  int visited = 0;
  for_exact_cases([&](const CompositeCase& test) {
    for (const int misalignment : {0, 1}) {
      ++visited;
      BoundCall call(host_device(), *test.implementation, test.resolved, misalignment);
      const simt::CountScope scope;
      call.run();
      const simt::Counters counters = scope.counters();
      for (const Contract::Entry& entry : test.loss->contract(test.resolved.problem).entries) {
        const simt::ArrayCount array = counters.array(entry.array);
        if (entry.array == "mask") continue;  // read for every four channels: MasksAreReadForFourChannelsAtATime
        EXPECT_EQ(array.load_bytes, std::uint64_t(entry.read)) << test.name << ": " << entry.array;
        EXPECT_EQ(array.store_bytes, std::uint64_t(entry.written)) << test.name << ": " << entry.array;
      }
      const simt::ArrayCount workspace = counters.array("workspace");
      EXPECT_EQ(workspace.load_bytes + workspace.store_bytes, std::uint64_t(test.implementation->workspace_traffic(test.resolved.problem))) << test.name;
      EXPECT_EQ(counters.launches, std::uint64_t(test.implementation->launches(test.resolved.problem))) << test.name;
    }
  });
  EXPECT_GT(visited, 100);
}

/// Launches of one call at the hard size of the loss.
int launches_of(const std::string& loss_name, const std::string& variant_name, Pass pass, const std::string& options = "") {
  const Loss& loss = Registry::instance().loss(loss_name);
  const Resolved resolved = resolve_case(loss, parse_option_set(loss, options), pass, DType::f32, loss.cases.hard, DataKind::plain);
  for (const Variant* variant : Registry::instance().variants_of(loss_name)) {
    if (variant->name != variant_name || variant->backend != Backend::simt) continue;
    std::string reason;
    const Implementation* implementation = find_implementation(*variant, resolved.problem, reason);
    if (!implementation) return ADD_FAILURE() << reason, -1;
    BoundCall call(host_device(), *implementation, resolved);
    const simt::CountScope scope;
    call.run();
    EXPECT_EQ(int(scope->launches), implementation->launches(resolved.problem)) << loss_name;
    return int(scope->launches);
  }
  return ADD_FAILURE() << "no variant " << variant_name << " of " << loss_name, -1;
}

// One launch; a second where a divisor that depends on the data must be known before gradients are written.
TEST(Composite, LaunchesOfFasterRcnn) {
  for (const char* loss : {"rpn_cls", "rpn_box", "rpn", "fast_rcnn", "faster_rcnn"}) EXPECT_EQ(launches_of(loss, "all_parts", Pass::forward), 1) << loss;
  EXPECT_EQ(launches_of("rpn_cls", "all_parts", Pass::gradient), 2);
  EXPECT_EQ(launches_of("rpn_cls", "all_parts", Pass::gradient, "normalizer=full"), 1);
  EXPECT_EQ(launches_of("rpn_cls", "all_parts", Pass::gradient, "reduction=none"), 1);
  EXPECT_EQ(launches_of("rpn_box", "all_parts", Pass::gradient), 1);
  EXPECT_EQ(launches_of("rpn_box", "all_parts", Pass::gradient, "box_normalizer=positives"), 2);
  EXPECT_EQ(launches_of("rpn", "all_parts", Pass::gradient), 2);
  EXPECT_EQ(launches_of("rpn", "all_parts", Pass::gradient, "cls_normalizer=none box_normalizer=locations locations=9"), 1);
  EXPECT_EQ(launches_of("fast_rcnn", "all_parts", Pass::gradient), 1);
  EXPECT_EQ(launches_of("faster_rcnn", "all_parts", Pass::gradient), 2);
}

TEST(Composite, LaunchesOfSsdAndOpenpose) {
  for (const char* scope : {"", "mining_scope=batch"}) {
    EXPECT_EQ(launches_of("ssd_multibox", "radix_mining", Pass::forward, scope), 2);
    EXPECT_EQ(launches_of("ssd_multibox", "radix_mining", Pass::gradient, scope), 3);
  }
  for (const Pass pass : {Pass::forward, Pass::gradient}) {
    EXPECT_EQ(launches_of("ssd_loc", "tiled_priors", pass), 1);
    EXPECT_EQ(launches_of("ssd_conf", "tiled_priors", pass, "reduction=mean"), 1);
    EXPECT_EQ(launches_of("openpose", "all_stages", pass, "+mask"), 1);
  }
}

simt::Counters count_call(const Resolved& resolved, const std::string& variant_name) {
  for (const Variant* variant : Registry::instance().variants_of(resolved.loss->name)) {
    if (variant->name != variant_name || variant->backend != Backend::simt) continue;
    std::string reason;
    const Implementation* implementation = find_implementation(*variant, resolved.problem, reason);
    if (!implementation) break;
    BoundCall call(host_device(), *implementation, resolved);
    const simt::CountScope scope;
    call.run();
    return scope.counters();
  }
  ADD_FAILURE() << "no variant " << variant_name;
  return {};
}

// What a framework would launch, at the least.
TEST(Composite, LaunchesOfUnfused) {
  EXPECT_EQ(launches_of("faster_rcnn", "unfused", Pass::forward), 21);
  EXPECT_EQ(launches_of("faster_rcnn", "unfused", Pass::gradient), 29);
  EXPECT_EQ(launches_of("ssd_multibox", "unfused", Pass::forward), 7);
  EXPECT_EQ(launches_of("ssd_multibox", "unfused", Pass::gradient), 10);
  EXPECT_EQ(launches_of("openpose", "unfused", Pass::forward), 24);  // of three stages
  EXPECT_EQ(launches_of("openpose", "unfused", Pass::gradient), 30);
}

TEST(Composite, MasksAreReadForFourChannelsAtATime) {
  const Loss& loss = Registry::instance().loss("openpose");
  const Resolved resolved = resolve_case(loss, parse_option_set(loss, "+mask"), Pass::gradient, DType::f32, {6, 2, 38, 19, 6, 10});
  const simt::Counters counters = count_call(resolved, "all_stages");
  EXPECT_EQ(counters.array("mask").load_bytes, std::uint64_t((10 + 5) * resolved.problem.input("mask")->bytes()));
  EXPECT_EQ(counters.array("paf_target").load_bytes, std::uint64_t(resolved.problem.input("paf_target")->bytes()));
}

// Forward: every score once, boxes of positives once. With gradients what is kept is read once more, and everything is written once.
TEST(Composite, MultiboxReadsAgainOnlyWhatItKeeps) {
  const Loss& loss = Registry::instance().loss("ssd_multibox");
  for (const char* scope : {"", "mining_scope=batch"})
    for (const Pass pass : {Pass::forward, Pass::gradient})
      for (const Shape& shape : {Shape{3, 257, 21}, Shape{2, 600, 20}, Shape{2, 97, 81}}) {
        const Resolved resolved = resolve_case(loss, parse_option_set(loss, scope), pass, DType::f32, shape, DataKind::plain);
        const simt::Counters counters = count_call(resolved, "radix_mining");
        const bool gradient = pass == Pass::gradient;
        const WideProblem wide = resolved.wide();
        const WideResult reference = loss.reference(wide);
        std::uint64_t kept = 0, positives = 0;
        for (const std::int64_t one : reference.outputs.at("negatives_kept").labels) kept += std::uint64_t(one);
        for (const std::int64_t label : wide.inputs.at("labels").labels) positives += label > 0;
        const std::uint64_t scores = std::uint64_t(count_of(shape)) * 4, row = std::uint64_t(shape[2]) * 4;
        const std::string where = shape_text(shape) + " " + scope + " " + std::string(name_of(pass));
        EXPECT_EQ(counters.array("conf_logits").load_bytes, scores + (gradient ? (kept + positives) * row : 0)) << where;
        EXPECT_EQ(counters.array("loc_pred").load_bytes, positives * 16 * (gradient ? 2 : 1)) << where;
        EXPECT_EQ(counters.array("loc_targets").load_bytes, positives * 16 * (gradient ? 2 : 1)) << where;
        EXPECT_EQ(counters.array("labels").load_bytes, std::uint64_t(resolved.problem.input("labels")->bytes()) * (gradient ? 2 : 1)) << where;
        EXPECT_EQ(counters.array("grad_conf_logits").store_bytes, gradient ? scores : 0) << where;
        EXPECT_EQ(counters.array("grad_loc_pred").store_bytes, gradient ? std::uint64_t(shape[0] * shape[1]) * 16 : 0) << where;
        EXPECT_EQ(counters.array("negatives_kept").store_bytes, std::uint64_t(shape[0] * shape[1]) * 4) << where;
      }
}

// All candidates alike: the lowest indices are kept, in each image and over the batch.
TEST(Composite, TiesAreKeptByLowerIndex) {
  const Loss& loss = Registry::instance().loss("ssd_multibox");
  for (const bool batch : {false, true}) {
    Request request{.loss = &loss, .options = parse_option_set(loss, batch ? "mining_scope=batch" : "").options, .pass = Pass::forward,
                    .dtype = DType::f32, .inputs = {}, .grad_output = std::nullopt, .gradients = {}};
    const std::int64_t images = 2, priors = 3000;
    WideArray scores{.shape = {images, priors, 2}, .values = {}, .labels = {}}, boxes{.shape = {images, priors, 4}, .values = {}, .labels = {}};
    WideArray labels{.shape = {images, priors}, .values = {}, .labels = {}, .is_label = true};
    scores.values.assign(std::size_t(scores.count()), 0.25), boxes.values.assign(std::size_t(boxes.count()), 0);
    labels.labels.assign(std::size_t(labels.count()), 0);
    labels.labels[0] = labels.labels[7] = 1;                // two positives in the first image, one in the second
    labels.labels[std::size_t(priors) + 2] = 1;
    labels.labels[1] = -1;
    for (auto& [name, array] : {std::pair<const char*, WideArray&>{"conf_logits", scores}, {"loc_pred", boxes}, {"loc_targets", boxes}})
      request.inputs.push_back(Tensor::narrow(name, DType::f32, array));
    request.inputs.push_back(Tensor::narrow("labels", DType::i32, labels));
    const Resolved resolved = resolve(std::move(request));
    std::set<std::int64_t> expected;
    for (std::int64_t i = 0, left = batch ? 9 : 6; left > 0; ++i)
      if (labels.labels[std::size_t(i)] == 0) expected.insert(i), --left;
    for (std::int64_t i = priors, left = batch ? 0 : 3; left > 0; ++i)
      if (labels.labels[std::size_t(i)] == 0) expected.insert(i), --left;
    for (const char* backend : {"reference", "radix_mining"}) {
      WideArray mask;
      if (std::string(backend) == "reference") {
        mask = loss.reference(resolved.wide()).outputs.at("negatives_kept");
      } else {
        std::string reason;
        for (const Variant* variant : Registry::instance().variants_of(loss.name)) {
          if (variant->name != backend || variant->backend != Backend::simt) continue;
          BoundCall call(host_device(), *find_implementation(*variant, resolved.problem, reason), resolved);
          call.run();
          mask = call.output("negatives_kept").widen();
        }
      }
      std::set<std::int64_t> kept;
      for (std::size_t i = 0; i < mask.labels.size(); ++i)
        if (mask.labels[i]) kept.insert(std::int64_t(i));
      EXPECT_EQ(kept, expected) << backend << (batch ? " batch" : " image");
    }
  }
}

using Bits = std::vector<std::vector<std::byte>>;

Bits bits_under(const EveryCase& test, const simt::Options& schedule) {
  const simt::OptionsScope scope(schedule);
  BoundCall call(host_device(), *test.implementation, *test.resolved);
  call.run();
  Bits outputs;
  for (const NamedArray& output : call.problem().outputs) outputs.push_back(call.output(output.name).bytes);
  return outputs;
}

// Every output has the same bits whatever the schedule; what differs is a race.
TEST(Composite, ResultsDoNotDependOnTheSchedule) {
  int visited = 0;
  for_every_case(DType::f32, {{33}, {5, 33}}, [&](const EveryCase& test) {
    if (!test.loss->composite() || test.variant->order == Order::none) return;
    ++visited;
    const Bits expected = bits_under(test, {.order = simt::Order::ascending});
    EXPECT_EQ(bits_under(test, {.order = simt::Order::descending}), expected) << test.name << ", descending";
    for (std::uint64_t seed = 1; seed <= 3; ++seed)
      EXPECT_EQ(bits_under(test, {.order = simt::Order::random, .seed = seed, .preempt = 0.02}), expected) << test.name << ", seed " << seed;
  });
  EXPECT_GT(visited, 40);
}

}  // namespace
}  // namespace lossbench::testing
