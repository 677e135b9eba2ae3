// The command line of the program.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "bench/build_info.h"
#include "bench/commands.h"
#include "core/error.h"

namespace lossbench {
namespace {

int complain(std::string message, int status) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::fflush(stdout);
  fmt::print(stderr, "lossbench: {}\n", message);
  return status;
}

/// `--grad` alone must not swallow the argument after it, which CLI11 would take for its value.
void spell_out_bare_grad(std::vector<std::string>& arguments) {
  for (std::string& argument : arguments)
    if (argument == "--grad") argument = "--grad=*";
}

}  // namespace

int run_program(std::vector<std::string> arguments) {
  const std::vector<std::string> command_line = arguments;
  spell_out_bare_grad(arguments);

  CLI::App program("lossbench: deep-learning losses, computed in many ways: how fast, and how exactly.", "lossbench");
  program.set_version_flag("--version", build_info().version);
  program.require_subcommand(1);
  program.footer("Exit status: 0 done, 1 a result outside its bound, 2 bad input.\n"
                 "`lossbench COMMAND --help` says more about a command.");
  int status = kOk;
  add_list_command(program, status);
  add_run_command(program, status, command_line);
  add_validate_command(program, status);
  add_eval_command(program, status);

  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend() - 1);  // the order CLI11 asks for
    program.parse(std::move(reversed));
    return status;
  } catch (const CLI::Success& help_or_version) {
    return program.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return complain(error.what(), kBadInput);
  } catch (const InputError& error) {
    return complain(error.what(), kBadInput);
  } catch (const std::exception& error) {
    return complain(error.what(), kMiss);
  }
}

}  // namespace lossbench
