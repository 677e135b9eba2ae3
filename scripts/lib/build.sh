# Configures and builds, with progress and an estimate of what is left.

# Everything that comes before a build.
prepare() {
  look_at_machine
  ensure_packages
  ensure_python
  configure
}

# Always anew: once it has been done, it takes a fraction of a second.
configure() {
  local log=$BUILD/configure.log
  say "configuring build/$PRESET"
  mkdir -p "$BUILD"
  [[ -z $NVCC ]] || export CUDACXX=${CUDACXX:-$NVCC}
  if ! (cd "$ROOT" && cmake --preset "$PRESET" "-DLOSSBENCH_CUDA=${CUDA^^}" "-DLOSSBENCH_PYTHON=$PYTHON" >"$log" 2>&1); then
    cat "$log" >&2
    die "configuration failed"
  fi
  sed -n 's/^-- lossbench: /    /p' "$log"
}

# build TARGET…: with no target, everything. What was begun in the background meanwhile has ended afterwards, too.
build() {
  local started=$SECONDS
  say "building ${*:-everything} with $JOBS jobs"
  (cd "$ROOT" && NINJA_STATUS='@%f/%t@%e@' ninja -C "$BUILD" -j "$JOBS" "$@" </dev/null) |
    "$PYTHON" -u "$ROOT/scripts/lib/progress.py" ninja
  wait
  note "built in $(duration $((SECONDS - started)))"
}
