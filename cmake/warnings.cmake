# Warnings are errors in our code. Dependencies come in as imported targets, whose headers count as system headers.
option(LOSSBENCH_WARNINGS_AS_ERRORS "Fail the build on a warning" ON)

# `#pragma unroll` is for nvcc; the host compiler sees it too, in functions that both sides call.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wall> $<$<COMPILE_LANGUAGE:CXX>:-Wextra>
                    $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wno-unknown-pragmas>)
if(LOSSBENCH_WARNINGS_AS_ERRORS)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Werror>
                      "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:-Werror all-warnings>"
                      $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Werror>)
endif()

# g++ 12 warns of an overlap inside std::string's own concatenation where there is none (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
