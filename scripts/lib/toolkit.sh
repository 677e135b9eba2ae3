# Looks for the CUDA toolkit and a GPU, and decides whether the CUDA kernels are built.

# Sets NVCC to the compiler's path; empty where there is none or none is wanted.
find_nvcc() {
  NVCC=
  if [[ $CUDA == off ]]; then return; fi
  local candidate
  for candidate in "$(command -v nvcc || true)" "${CUDA_HOME:-}/bin/nvcc" "${CUDA_PATH:-}/bin/nvcc" \
                   /usr/local/cuda/bin/nvcc /usr/local/cuda-*/bin/nvcc; do
    if [[ -x $candidate ]]; then NVCC=$candidate; return; fi
  done
  if [[ $CUDA == on ]]; then die "--cuda=on, but there is no nvcc on the PATH, in \$CUDA_HOME or in /usr/local/cuda"; fi
}

# Sets GPU to the name of the first card; empty where there is none.
find_gpu() {
  GPU=
  if command -v nvidia-smi >/dev/null; then
    GPU=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null) || GPU=
    GPU=${GPU%%$'\n'*}
  fi
}

# Settles CUDA, and says what is left out. Compiling for the GPU takes longer than everything else together, so where no card could run the
# kernels it is done on demand only.
look_at_machine() {
  find_nvcc
  find_gpu
  say "this machine: $(nproc) cores, ${GPU:-no GPU}, ${NVCC:-no CUDA toolkit}"
  if [[ $CUDA == off ]]; then
    note "CUDA is switched off: the emulator runs the kernels"
  elif [[ -z $NVCC ]]; then
    note "left out: the CUDA build of the kernels, for which a toolkit (12.4 or later) is missing; the emulator runs them"
    CUDA=off
  elif [[ -z $GPU && $CUDA == auto ]]; then
    note "left out: the CUDA build of the kernels, which no GPU here could run (--cuda=on compiles it); the emulator runs them"
    CUDA=off NVCC=
  elif [[ -z $GPU ]]; then
    note "the CUDA kernels are compiled but cannot run here; the emulator runs them"
  fi
}
