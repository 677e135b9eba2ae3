# Code that can go into a shared library: liblossbench.so is linked from the same objects as the program.
#
# Hidden visibility keeps that free of charge: a function nobody outside can replace is called and inlined as in an executable, which g++
# on Debian compiles position-independent anyway.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
foreach(language C CXX CUDA)
  set(CMAKE_${language}_VISIBILITY_PRESET hidden)
endforeach()
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

# A program looks for libraries beside itself first: scripts/pack puts there those that another machine may lack.
set(CMAKE_BUILD_RPATH "$ORIGIN")
