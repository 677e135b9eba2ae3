"""What scripts/peers runs: our variants, through the C ABI, and the libraries that people use instead, on the same arrays in one process."""
