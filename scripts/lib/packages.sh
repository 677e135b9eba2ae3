# Distribution packages: installs those that are missing, and touches nothing when none is.

has_package() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# needs PACKAGE [COMMAND]: puts PACKAGE on the list unless it, or the command it brings, is there.
needs() {
  if [[ $# -eq 2 ]] && command -v "$2" >/dev/null; then return; fi
  has_package "$1" || MISSING+=("$1")
}

install_packages() {
  [[ $# -gt 0 ]] || return 0
  local sudo=() log
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null || die "packages are missing, and only root can install them: apt-get install $*"
    sudo=(sudo)
  fi
  # On a machine that has just started, the system may be installing something of its own: its lock is waited for.
  local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
  local install=("${apt[@]}" install -y --no-install-recommends "$@")
  say "installing $*"
  log=$(mktemp)
  # The lists may be absent (a fresh container) or old (a package has moved on): then, and only then, they are fetched.
  if ! "${install[@]}" </dev/null >"$log" 2>&1; then
    note "fetching the lists of packages"
    if ! { "${apt[@]}" update && "${install[@]}"; } </dev/null >"$log" 2>&1; then
      cat "$log" >&2
      rm -f "$log"
      die "these packages could not be installed: $*"
    fi
  fi
  rm -f "$log"
}

ensure_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    warn "no apt-get here: README.md lists what is needed; going on with what there is"
    return
  fi
  MISSING=()
  needs g++ g++
  needs cmake cmake
  needs ninja-build ninja
  needs python3 python3
  needs libboost-context-dev
  needs libfmt-dev
  needs nlohmann-json3-dev
  needs libcli11-dev
  needs libhwy-dev
  needs libbenchmark-dev
  needs libgtest-dev
  needs libdlpack-dev
  if [[ -z $NVCC ]]; then needs libthrust-dev; fi  # the toolkit brings its own
  if [[ $INSTALL == yes ]] && ! venv_is_ready && ! python_has python3 "venv ensurepip"; then needs python3-venv; fi
  if [[ ${#MISSING[@]} -gt 0 && $INSTALL == no ]]; then die "missing packages: ${MISSING[*]} (--no-install was given)"; fi
  install_packages "${MISSING[@]}"
}
