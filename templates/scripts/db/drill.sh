#!/usr/bin/env bash
# Proves that the newest backup of the section `backups` can be restored, and prints a report.
# shellcheck source-path=SCRIPTDIR disable=SC1091,SC2154 # reach.sh, followed only with -x, shares its variables
if [ -z "${BASH_VERSION:-}" ]; then
  echo 'drill: this needs bash, and another shell has started it' >&2
  echo '  help: bash scripts/db/drill.sh --help' >&2
  exit 2
fi
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/reach.sh"

usage() {
  cat <<'TEXT'
usage: scripts/db/drill.sh [--json]

Restores the newest backup into a server of its own that nobody else reaches, compares its tables with those that were
counted when it was made, asks what the profile has under `backups.drill`, and prints a report. What runs is not touched.
The exit status is 1 where the backup could not be restored, or is not what was backed up.

  --json  the report as one JSON document

The container postgres-backup does the same once a week by itself; it is unhealthy where that fails.
TEXT
}

is_json=''
while [ $# -gt 0 ]; do
  case $1 in
  --help | -h) usage && exit ;;
  --json) is_json=yes ;;
  *) misused "there is no option $1" ;;
  esac
  shift
done

at_the_end true
find_project
hold postgres-backup --no-deps || exit
status=0
report=$(in_backup "$container" drill) || status=1

# quoted TEXT: as JSON has it.
quoted() {
  local text
  text=$(printf %s "$1" | shown)
  text=${text//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# value TEXT: a number as it is, all else in quotes.
value() {
  case $1 in
  '' | *[!0-9]* | 0?*) quoted "$1" ;;
  *) printf %s "$1" ;;
  esac
}

facts='' checks='' differs=''
while IFS=$'\t' read -r key first rest; do
  [ -n "$key" ] || continue
  if [ -z "$is_json" ]; then
    printf '%-18s %s\n' "$key" "$(printf %s "$first${rest:+ $rest}" | tr '\t' ' ' | shown)"
    continue
  fi
  case $key in
  check)
    IFS=$'\t' read -r result said <<<"$rest"
    checks+="${checks:+,}{\"service\":$(quoted "$first"),\"result\":$(quoted "$result")${said:+,\"said\":$(quoted "$said")}}"
    ;;
  differs)
    IFS=$'\t' read -r table before after found <<<"$rest"
    differs+="${differs:+,}{\"database\":$(quoted "$first"),\"table\":$(quoted "$table"),\"before\":$(value "$before")"
    differs+=",\"after\":$(value "$after"),\"found\":$(value "$found")}"
    ;;
  *) facts+="$(quoted "$key"):$(value "$first")," ;;
  esac
done <<<"$report"
if [ -n "$is_json" ]; then
  printf '{%s"checks":[%s],"differs":[%s]}\n' "$facts" "$checks" "$differs"
fi
exit "$status"
