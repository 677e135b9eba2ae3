# Build type and sanitizer. The program refuses to measure from anything but a Release build.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()

# Set by the presets `asan` and `tsan`. simt/CMakeLists.txt turns it into flags, because the emulator's fibers need care:
# ThreadSanitizer must see the kernels but not the scheduler that switches between them.
set(LOSSBENCH_SANITIZE "" CACHE STRING "Sanitizer: empty, address or thread")
set_property(CACHE LOSSBENCH_SANITIZE PROPERTY STRINGS "" address thread)
if(NOT LOSSBENCH_SANITIZE MATCHES "^(address|thread)?$")
  message(FATAL_ERROR "LOSSBENCH_SANITIZE is '${LOSSBENCH_SANITIZE}'; accepted: empty, address, thread")
endif()
