// The subcommands. Each adds itself to the program's command line and sets the exit status when it is the one that runs.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace lossbench {

enum ExitStatus : int {
  kOk = 0,
  kMiss = 1,      ///< a result outside its bound, or a failure while computing
  kBadInput = 2,  ///< one line on standard error names the culprit and the accepted values
};

void add_list_command(CLI::App& program, int& status);
void add_run_command(CLI::App& program, int& status, const std::vector<std::string>& command_line);
void add_validate_command(CLI::App& program, int& status);
void add_eval_command(CLI::App& program, int& status);
void add_compare_command(CLI::App& program, int& status);

/// Runs the program on its arguments; returns the exit status.
int run_program(std::vector<std::string> arguments);

}  // namespace lossbench
