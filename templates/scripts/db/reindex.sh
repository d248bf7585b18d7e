#!/usr/bin/env bash
# Makes the indexes of PostgreSQL's databases anew, after the server's system has begun to sort texts differently.
# shellcheck source-path=SCRIPTDIR disable=SC1091,SC2154 # reach.sh, followed only with -x, shares its variables
if [ -z "${BASH_VERSION:-}" ]; then
  echo 'reindex: this needs bash, and another shell has started it' >&2
  echo '  help: bash scripts/db/reindex.sh --help' >&2
  exit 2
fi
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/reach.sh"

usage() {
  cat <<'TEXT'
usage: scripts/db/reindex.sh [--all | SERVICE|DATABASE]...

Makes all indexes of a database anew, and notes by which version of the system's library they are sorted now. Where
nothing is named, that is done for each database whose version is another one than when its indexes were made, as a new
image of the server brings it; codelab-gen doctor tells of such databases.

Each database is locked table by table meanwhile, so services may have to wait. Nothing else of it is changed. Where
that fails because of rows that are there twice, the index had missed one of them: remove one, and run this again.

  --all  every database of the server, also where no version tells: after a change between Debian and Alpine
TEXT
}

all='' chosen=()
while [ $# -gt 0 ]; do
  case $1 in
  --help | -h) usage && exit ;;
  --all) all=yes ;;
  -*) misused "there is no option $1" ;;
  *) chosen+=("$1") ;;
  esac
  shift
done
[ -z "$all" ] || [ "${#chosen[@]}" = 0 ] || misused '--all needs no names'
[ "$server" != none ] || die 'no service of this deployment uses PostgreSQL'

# owner_of DATABASE: sets `service` to one that has it, or to nothing.
owner_of() {
  local candidate
  service=
  for candidate in "${services[@]}"; do
    [ "$(database_of "$candidate")" != "$1" ] || service=$candidate
  done
}

at_the_end true
find_project
open_server || exit
[ "$server" = external ] || align_server

databases=()
if [ "${#chosen[@]}" -gt 0 ]; then
  for name in "${chosen[@]}"; do
    owned=
    ! engine_of "$name" >/dev/null || owned=$(database_of "$name")
    databases+=("${owned:-$name}")
  done
elif [ "$server" = external ]; then
  for service in "${services[@]}"; do
    owned=$(database_of "$service")
    [ -z "$owned" ] || contains "$owned" ${databases[@]+"${databases[@]}"} || databases+=("$owned")
  done
else
  listed=$(in_server '' to_reindex "$all" </dev/null) || die 'the server does not tell its databases'
  while IFS= read -r name; do
    [ -z "$name" ] || databases+=("$name")
  done <<<"$listed"
fi
if [ "${#databases[@]}" = 0 ]; then
  say 'every database is sorted by the version that its indexes were made with'
  exit
fi

failed=()
for name in "${databases[@]}"; do
  owner_of "$name"
  say "making the indexes of $name anew"
  if [ "$server" = external ]; then
    [ -n "$service" ] || die "on $server_host only the databases of services can be opened, as their roles"
    set -- reindex "$name"
  elif [ -n "$service" ]; then
    set -- reindex_as "$(role_of "$service")" "$(password_variable_of "$service")" "$name"
  else
    set -- reindex "$name"
  fi
  if ! in_server "$service" "$@" </dev/null; then
    failed+=("$name")
  elif ! in_server "$service" refresh "$name" </dev/null; then
    failed+=("$name")
  fi
done
[ "${#failed[@]}" = 0 ] || die "not made anew: ${failed[*]}" 'mend what is told above, and run this again'
