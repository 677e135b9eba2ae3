# ccache, where it is installed, makes a rebuild after a branch switch quick. A launcher given by the caller wins. What it is lenient about is what
# precompiled headers need.
find_program(LOSSBENCH_CCACHE ccache)
if(LOSSBENCH_CCACHE)
  foreach(language CXX CUDA)
    if(NOT DEFINED CMAKE_${language}_COMPILER_LAUNCHER)
      set(CMAKE_${language}_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${LOSSBENCH_CCACHE})
    endif()
  endforeach()
endif()
