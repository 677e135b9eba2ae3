# Options that scripts/bench and scripts/test share. What they do not know goes on, untouched, in REST.

PRESET=release
CUDA=${LOSSBENCH_CUDA:-auto}
INSTALL=yes
JOBS=$(nproc)
REST=()

shared_options_help() {
  cat <<'TEXT'
  --preset=NAME         release (default), debug, asan or tsan; built in build/NAME
  --cuda=auto|on|off    build the CUDA kernels: where there are nvcc and a GPU (default), always, never.
                        The environment variable LOSSBENCH_CUDA says the same
  --jobs=N              compile and test N at a time (default: the number of cores)
  --no-install          install nothing; fail where something is missing
  --help                this text
TEXT
}

# Takes one shared option off the command line. Sets TAKEN to the number of words it used, 0 where it is not ours.
take_shared_option() {
  local name=${1%%=*} value
  TAKEN=0
  case $name in
    --no-install) INSTALL=no; TAKEN=1; return ;;
    --preset | --cuda | --jobs) ;;
    *) return ;;
  esac
  if [[ $1 == *=* ]]; then
    value=${1#*=}; TAKEN=1
  else
    [[ $# -ge 2 ]] || die "$name needs a value"
    value=$2; TAKEN=2
  fi
  case $name in
    --preset) PRESET=$value ;;
    --cuda) CUDA=$value ;;
    --jobs) JOBS=$value ;;
  esac
}

check_shared_options() {
  CUDA=${CUDA,,}
  [[ $CUDA =~ ^(auto|on|off)$ ]] || die "--cuda (or LOSSBENCH_CUDA) is '$CUDA'; accepted: auto, on, off"
  [[ $PRESET =~ ^(release|debug|asan|tsan)$ ]] || die "--preset is '$PRESET'; accepted: release, debug, asan, tsan"
  [[ $JOBS =~ ^[1-9][0-9]*$ ]] || die "--jobs is '$JOBS'; accepted: a number from 1"
  BUILD=$ROOT/build/$PRESET
}
