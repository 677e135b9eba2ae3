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

# seconds_left PERCENT LEAST MOST: of what is left of ten minutes, 20 s for a report set aside, as "90s".
seconds_left() {
  local seconds=$(((600 - 20 - SECONDS) * $1 / 100))
  echo "$((seconds < $2 ? $2 : seconds > $3 ? $3 : seconds))s"
}
