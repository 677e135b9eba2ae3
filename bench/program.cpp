// The command line of the program.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "bench/commands.h"
#include "core/error.h"
#include "registry/build_info.h"

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

/// Names the first word where it is no command; CLI11 would only say that one is required.
void check_command(const CLI::App& program, const std::vector<std::string>& arguments) {
  if (arguments.size() < 2 || arguments[1].starts_with('-')) return;
  std::vector<std::string> commands;
  for (const CLI::App* command : program.get_subcommands({})) commands.push_back(command->get_name());
  if (std::find(commands.begin(), commands.end(), arguments[1]) == commands.end())
    throw InputError("unknown command '" + arguments[1] + "'; accepted: " + comma_list(commands));
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
  add_compare_command(program, status);

  try {
    check_command(program, arguments);
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
