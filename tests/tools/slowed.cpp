// lossbench with one variant made slower on purpose, to see whether `compare` finds it: `lossbench_slowed VARIANT PERCENT run …`.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/commands.h"
#include "bench/host_clock.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

std::vector<Implementation> originals;
double share = 0;

/// The call, and then nothing for a share of the time that it took.
void slowed_run(const Problem& problem, Workspace workspace, Stream stream) {
  for (const Implementation& own : originals) {
    if (own.loss != problem.loss || own.pass != problem.pass || own.element != element_type(problem)) continue;
    if (own.accepts && !own.accepts(problem.options)) continue;
    const double start = host_now();
    own.run(problem, workspace, stream);
    const double end = host_now(), until = end + share * (end - start);
    while (host_now() < until) {
    }
    return;
  }
}

}  // namespace

void slow_down(const std::string& name, double percent) {
  share = percent / 100;
  for (const Variant& variant : Registry::instance().variants())
    if (variant.name == name)
      for (const Implementation& own : variant.implementations) {
        originals.push_back(own);
        // The table is everyone's to read and, in this program alone, to change.
        const_cast<Implementation&>(own).run = slowed_run;
      }
}

}  // namespace lossbench

int main(int count, char** arguments) {
  if (count < 4) {
    std::fprintf(stderr, "usage: lossbench_slowed VARIANT PERCENT run [argument…]\n");
    return 2;
  }
  lossbench::slow_down(arguments[1], std::atof(arguments[2]));
  std::vector<std::string> rest = {"lossbench"};
  rest.insert(rest.end(), arguments + 3, arguments + count);
  return lossbench::run_program(std::move(rest));
}
