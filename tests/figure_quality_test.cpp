// What is said once above a table, and what marks a row.
#include "bench/figure_quality.h"

#include <gtest/gtest.h>

#include <limits>

using namespace lossbench;

namespace {

using Words = std::vector<std::string>;

FigureQuality figure(Words caveats, double uncertainty = 0.01) { return {.caveats = std::move(caveats), .uncertainty = uncertainty, .samples = 100}; }

TEST(FigureQuality, WhatMostShareMarksNoRow) {
  const std::vector<FigureQuality> figures = {figure({"drift", "bimodal"}), figure({"drift"}), figure({})};
  const RunQuality run = judge_figures(figures);
  EXPECT_TRUE(run.shared("drift"));
  EXPECT_FALSE(run.shared("bimodal"));
  EXPECT_EQ(run.marks(figures[0]), Words{"bimodal"});
  EXPECT_EQ(run.marks(figures[1]), Words{});
  EXPECT_NE(run.text().find("2 of 3 moved by more than 2 %"), std::string::npos) << run.text();
  EXPECT_EQ(run.text().find("heaps"), std::string::npos) << run.text();
}

TEST(FigureQuality, HalfAreNotMost) {
  const RunQuality run = judge_figures({figure({"cached"}), figure({})});
  EXPECT_FALSE(run.shared("cached"));
  EXPECT_EQ(run.marks(figure({"cached"})), Words{"cached"});
}

TEST(FigureQuality, NotConvergedMarksNoRow) {
  const RunQuality run = judge_figures({figure({"not converged"}, 0.04), figure({}, 0.04), figure({}, 0.04)});
  EXPECT_EQ(run.marks(figure({"not converged"}, 0.04)), Words{});
  EXPECT_NE(run.text().find("good to about 4 %"), std::string::npos) << run.text();
}

TEST(FigureQuality, OnlyAnIntervalFarWiderThanTheRestIsMarked) {
  std::vector<FigureQuality> figures(20, figure({}, 0.03));
  figures.push_back(figure({}, 0.059));
  figures.push_back(figure({}, 0.061));
  const RunQuality run = judge_figures(figures);
  EXPECT_DOUBLE_EQ(run.good_to, 0.03);
  EXPECT_EQ(run.marks(figures[20]), Words{});
  EXPECT_EQ(run.marks(figures[21]), Words{"wide"});
  EXPECT_EQ(run.marks(figure({}, std::numeric_limits<double>::infinity())), Words{"wide"});
}

TEST(FigureQuality, AQuietRunMarksNothingBelowAPercent) {
  const RunQuality run = judge_figures(std::vector<FigureQuality>(20, figure({}, 0.001)));
  EXPECT_EQ(run.marks(figure({}, 0.009)), Words{});
}

TEST(FigureQuality, WhatMovedUntilLaterCountsToo) {
  std::vector<FigureQuality> figures(4, figure({}, 0.01));
  figures[0].revisit = 1.06, figures[1].revisit = 0.94, figures[2].revisit = 1.3;
  EXPECT_NEAR(judge_figures(figures).good_to, 0.06, 1e-12);
}

TEST(FigureQuality, SharesOfTheSamplesAreSaid) {
  std::vector<FigureQuality> figures(2, figure({}));
  figures[0].throttled = 62, figures[1].disturbed = 8;
  const RunQuality run = judge_figures(figures);
  EXPECT_NE(run.text().find("A neighbour had a core, or its clock had sagged, for 31 % of the time."), std::string::npos) << run.text();
  figures[1].on_gpu = true;
  EXPECT_NE(judge_figures(figures).text().find("The clock had sagged for 31 % of the time."), std::string::npos);
  EXPECT_EQ(run.text().find("took the core away"), std::string::npos) << run.text();  // of 4 % of them
}

TEST(FigureQuality, NothingTimedNothingSaid) { EXPECT_EQ(judge_figures({}).text(), ""); }

}  // namespace
