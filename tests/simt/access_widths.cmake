# Compiles access_widths.cu to PTX and checks that every access is one instruction of its full width.
#   cmake -DNVCC=… -DSOURCE=… -DROOT=… -DARCH=sm_90a -P access_widths.cmake
execute_process(
  COMMAND ${NVCC} -std=c++20 -arch=${ARCH} -ptx -I${ROOT} -o - ${SOURCE}
  OUTPUT_VARIABLE ptx ERROR_VARIABLE errors RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "nvcc failed for ${ARCH}:\n${errors}")
endif()

string(REGEX REPLACE "// \\.globl[^\n]*" "" ptx "${ptx}")

# expect(mangled part of a kernel's name, load, store)
function(expect kernel load store)
  string(FIND "${ptx}" "${kernel}" start)
  string(SUBSTRING "${ptx}" ${start} -1 body)
  string(REGEX REPLACE "\\.visible .*" "" body "${body}")
  foreach(instruction IN ITEMS "${load}" "${store}")
    string(FIND "${body}" "${instruction}" found)
    if(start EQUAL -1 OR found EQUAL -1)
      message(SEND_ERROR "${ARCH}: no ${instruction} in ${kernel}:\n${body}")
    endif()
  endforeach()
endfunction()

foreach(type IN ITEMS "IfLi4" "IdLi2" "I6__halfLi8")  # 16 bytes
  expect("copy_read_only${type}ELN4simt10cuda_build5CacheE0" "ld.global.nc.v4." "st.global.v4.")
  expect("copy_read_only${type}ELN4simt10cuda_build5CacheE1" "ld.global.cs.v4." "st.global.cs.v4.")
  expect("copy_read_only${type}ELN4simt10cuda_build5CacheE2" "ld.global.cg.v4." "st.global.cg.v4.")
  expect("copy_writable${type}ELN4simt10cuda_build5CacheE0" "ld.global.v4." "st.global.v4.")
endforeach()
expect("copy_read_onlyI13__nv_bfloat16Li4ELN4simt10cuda_build5CacheE0" "ld.global.nc.v2." "st.global.v2.")
expect("copy_read_onlyIfLi1ELN4simt10cuda_build5CacheE0" "ld.global.nc.u32" "st.global.u32")
expect("copy_read_onlyIfLi1ELN4simt10cuda_build5CacheE1" "ld.global.cs.u32" "st.global.cs.u32")
expect("copy_read_onlyIhLi1ELN4simt10cuda_build5CacheE2" "ld.global.cg.u8" "st.global.cg.u8")
