#include "bench/commands.h"

int main(int argc, char** argv) { return lossbench::run_program({argv, argv + argc}); }
