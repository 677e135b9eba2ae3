# Code that can go into a shared library: liblossbench.so is linked from the same objects as the program.
#
# Hidden visibility keeps that free of charge: a function nobody outside can replace is called and inlined as in an executable, which g++
# on Debian compiles position-independent anyway.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
foreach(language C CXX CUDA)
  set(CMAKE_${language}_VISIBILITY_PRESET hidden)
endforeach()
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

# Kernels under the emulator ask for threadIdx all the time. By default a thread-local variable of a shared library is a function call away,
# and the linker's repair of that for executables leaves the registers that the call would have spoilt. The library has a few hundred bytes of them,
# which a loader has room for.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-ftls-model=initial-exec>)
