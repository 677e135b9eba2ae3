// Options of a loss: parsing, accepted values in messages, defaults, and what was given.
#include "core/options.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace lossbench {
namespace {

const std::vector<OptionDescription> kOptions = {
    OptionDescription::choice("reduction", "mean", {"none", "sum", "mean", "batch"}, "how elements are combined"),
    OptionDescription::flag("half", false, "halve the square"),
    OptionDescription::real("beta", 1.0, "switch point").at_least(0),
    OptionDescription::real("sigma", std::nullopt, "beta = 1/sigma^2").above(0),
    OptionDescription::integer("ignore_index", -100, "label that is left out"),
    OptionDescription::integer("p", 1, "power").at_least(1).at_most(2),
};

/// The message of the InputError that `action` throws; empty when it throws none.
template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string error_of(std::string_view name, std::string_view text) {
  return error_of([&] { Options(kOptions).give(kOptions, name, text); });
}

TEST(Options, StartFromDefaults) {
  const Options options(kOptions);
  EXPECT_EQ(options.word("reduction"), "mean");
  EXPECT_FALSE(options.flag("half"));
  EXPECT_EQ(options.real("beta"), 1.0);
  EXPECT_EQ(options.integer("ignore_index"), -100);
  EXPECT_FALSE(options.has("sigma"));
  EXPECT_FALSE(options.given("beta"));
}

TEST(Options, GiveRecordsTypedValues) {
  Options options(kOptions);
  options.give(kOptions, "reduction", "batch");
  options.give(kOptions, "half", "true");
  options.give(kOptions, "sigma", "3");
  options.give(kOptions, "beta", "1e-3");
  options.give(kOptions, "ignore_index", "+7");
  EXPECT_EQ(options.word("reduction"), "batch");
  EXPECT_TRUE(options.flag("half"));
  EXPECT_EQ(options.real("sigma"), 3.0);
  EXPECT_EQ(options.real("beta"), 1e-3);
  EXPECT_EQ(options.integer("ignore_index"), 7);
  EXPECT_TRUE(options.given("sigma"));
  EXPECT_FALSE(options.given("p"));
}

TEST(Options, SetIsNotGiven) {
  Options options(kOptions);
  options.set("sigma", 2.0);
  EXPECT_EQ(options.real("sigma"), 2.0);
  EXPECT_FALSE(options.given("sigma"));
}

TEST(Options, RefusalsNameTheOptionAndTheAcceptedValues) {
  EXPECT_EQ(error_of("reduction", "avg"), "option reduction: 'avg' is not accepted; accepted: none, sum, mean, batch");
  EXPECT_EQ(error_of("half", "1"), "option half: '1' is not accepted; accepted: true, false");
  EXPECT_EQ(error_of("beta", "-0.5"), "option beta: '-0.5' is not accepted; accepted: a number >= 0");
  EXPECT_EQ(error_of("sigma", "0"), "option sigma: '0' is not accepted; accepted: a number > 0");
  EXPECT_EQ(error_of("p", "3"), "option p: '3' is not accepted; accepted: an integer >= 1 and <= 2");
  EXPECT_EQ(error_of("ignore_index", "1.5"), "option ignore_index: '1.5' is not accepted; accepted: an integer");
  EXPECT_EQ(error_of("gamma", "1"), "unknown option 'gamma'; accepted: reduction, half, beta, sigma, ignore_index, p");
}

TEST(Options, NumbersMustBeWholeAndFinite) {
  for (const char* text : {"", " ", "1 ", " 1", "1x", "nan", "inf", "-inf", "1e999", "+", "+-1", "--1", "0x"})
    EXPECT_NE(error_of("beta", text), "") << '"' << text << '"';
  for (const char* text : {"", "1.0", "1e3", "99999999999999999999", "+-1"}) EXPECT_NE(error_of("ignore_index", text), "") << '"' << text << '"';
}

TEST(Options, AbsentOptionIsNamed) {
  EXPECT_EQ(error_of([] { Options(kOptions).real("sigma"); }), "option sigma is needed and was not given");
}

TEST(Options, TextOfValues) {
  EXPECT_EQ(to_string(OptionValue(true)), "true");
  EXPECT_EQ(to_string(OptionValue(std::int64_t{-100})), "-100");
  EXPECT_EQ(to_string(OptionValue(1.0)), "1");
  EXPECT_EQ(to_string(OptionValue(0.1)), "0.1");
  EXPECT_EQ(to_string(OptionValue(std::string("mean"))), "mean");
  EXPECT_EQ(kOptions[2].default_text(), "1");
  EXPECT_EQ(kOptions[3].default_text(), "");
}

}  // namespace
}  // namespace lossbench
