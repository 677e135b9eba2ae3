# The arithmetic policy, in one place and for every file of ours.
#
# A compiler may contract a*b + c into one fused multiply-add, which rounds once instead of twice; g++ and nvcc choose
# different products to contract. The same kernel text would then give different bits on the GPU and under the emulator.
# So neither contracts by itself: a kernel that wants a fused multiply-add writes __fmaf_rn. Most losses are bound by memory; those
# that are not spend their instructions in exponentials and logarithms, which fuse by themselves. Contracting the rest would save
# them 3 % (docs/measured-facts.md).
#
# No fast-math of any kind: an approximate function is called by name and stands in its variant's error bound.
add_compile_options(
  $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>
  $<$<COMPILE_LANGUAGE:CUDA>:--fmad=false>
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-ffp-contract=off>)
