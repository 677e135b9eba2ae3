# What every script here starts from. Sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say()  { printf '\n==> %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die()  { printf 'error: %s\n' "$*" >&2; exit 1; }

# Seconds as "3 min 20 s".
duration() {
  local seconds=$1
  if ((seconds < 60)); then printf '%d s' "$seconds"; else printf '%d min %d s' $((seconds / 60)) $((seconds % 60)); fi
}
