# A Python with NumPy and Matplotlib, in .venv. Sets PYTHON.

python_has() { "$1" -c "import ${2// /, }" >/dev/null 2>&1; }

# Finding a package is quick where importing it is not.
has_modules() { "$1" -c 'import importlib.util, sys; sys.exit(any(importlib.util.find_spec(name) is None for name in sys.argv[1:]))' "${@:2}" 2>/dev/null; }

# Sets FOUND to the first Python here that has these modules; empty where none has.
find_python_with() {
  FOUND=
  local candidate
  for candidate in "$ROOT/.venv/bin/python" "$(command -v python3 || true)" /usr/bin/python3; do
    if [[ -x $candidate ]] && has_modules "$candidate" "$@"; then FOUND=$candidate; return; fi
  done
}

# The distribution's PyTorch for the CPU, where no Python here has one.
install_torch() {
  find_python_with numpy torch
  if [[ -n $FOUND ]]; then return; fi
  say "PyTorch for the CPU, to compare with: some 50 MB to fetch, a minute or two to install"
  (install_packages python3-torch python3-numpy) || warn "going on without PyTorch"
}

# Installs it for a comparison, where that is allowed, and while the program is built: `build` waits for it. For a GPU it is the user's
# choice of several.
ensure_torch() {
  if [[ $INSTALL == yes && -z $GPU ]] && command -v apt-get >/dev/null; then install_torch & fi
}

venv_is_ready() {
  [[ -x $ROOT/.venv/bin/python && -f $ROOT/.venv/lossbench-ready && $(<"$ROOT/.venv/lossbench-ready") == "$(cksum <"$ROOT/scripts/requirements.txt")" ]]
}

# Packages from PyPI into an environment of our own.
make_venv_from_pypi() {
  local python
  python=$(command -v python3)
  python_has "$python" "venv ensurepip" || python=/usr/bin/python3
  rm -rf "$ROOT/.venv"
  "$python" -m venv "$ROOT/.venv" &&
    "$ROOT/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --retries 1 -r "$ROOT/scripts/requirements.txt" </dev/null
}

# The same from the distribution, where PyPI cannot be reached.
make_venv_from_distribution() {
  install_packages python3 python3-venv python3-numpy python3-matplotlib
  rm -rf "$ROOT/.venv"
  /usr/bin/python3 -m venv --system-site-packages "$ROOT/.venv"
}

ensure_python() {
  PYTHON=$ROOT/.venv/bin/python
  if venv_is_ready; then return; fi

  if [[ $INSTALL == no ]]; then
    find_python_with numpy matplotlib
    [[ -n $FOUND ]] || die "no Python with NumPy and Matplotlib (--no-install was given)"
    PYTHON=$FOUND
    return
  fi

  say "making the Python environment .venv (NumPy and Matplotlib)"
  if ! make_venv_from_pypi; then
    warn "PyPI did not serve the packages; taking the distribution's"
    make_venv_from_distribution
  fi
  python_has "$PYTHON" "numpy matplotlib" || die "the Python environment in .venv cannot import NumPy and Matplotlib; remove it and try again"
  cksum <"$ROOT/scripts/requirements.txt" >"$ROOT/.venv/lossbench-ready"  # the last thing: without it, what was interrupted is made anew
}
