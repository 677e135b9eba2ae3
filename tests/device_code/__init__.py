"""Compiles kernels for architectures that are not at hand and reads what the compiler says."""
