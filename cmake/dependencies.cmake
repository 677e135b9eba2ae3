# Everything comes from the distribution (scripts/lib/packages.sh names the packages); nothing is downloaded here.
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS context)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(hwy 1.0 REQUIRED)  # Google Highway: vectors of the CPU contender
find_package(benchmark REQUIRED)
find_package(GTest REQUIRED)
find_path(LOSSBENCH_DLPACK_INCLUDE dlpack/dlpack.h REQUIRED DOC "The header of DLPack, of any version")

# Python runs the report and some of the tests. scripts/bench and scripts/test keep one with NumPy and Matplotlib in .venv.
if(NOT LOSSBENCH_PYTHON)
  if(EXISTS ${PROJECT_SOURCE_DIR}/.venv/bin/python)
    set(lossbench_python ${PROJECT_SOURCE_DIR}/.venv/bin/python)
  else()
    find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
    set(lossbench_python ${Python3_EXECUTABLE})
  endif()
  set(LOSSBENCH_PYTHON ${lossbench_python} CACHE FILEPATH "Python with NumPy and Matplotlib, for the report and the tests")
endif()
