#!/usr/bin/env bash
# Opens psql on a database of this deployment.
# shellcheck source-path=SCRIPTDIR disable=SC1091,SC2154 # reach.sh, followed only with -x, shares its variables
if [ -z "${BASH_VERSION:-}" ]; then
  echo 'psql: this needs bash, and another shell has started it' >&2
  echo '  help: bash scripts/db/psql.sh --help' >&2
  exit 2
fi
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/reach.sh"

usage() {
  cat <<'TEXT'
usage: scripts/db/psql.sh [--superuser] [SERVICE|DATABASE] [ARGUMENT]...

Opens psql on the database of a service, or on one that is named itself; where nothing is named, on the first service's. A
further one of a service is SERVICE/NAME.
Arguments are those of psql: scripts/db/psql.sh auth-service -c 'SELECT count(*) FROM users'. What comes on standard
input is run.

One is logged in as the role that the service itself uses; on any other database, or with --superuser, as the role that
the server was made with, which may do everything. A server outside of this deployment knows only the former.

The superuser's session takes nothing that a service has set: names are looked up in pg_catalog alone, so write tables
with their schema, public.users. What you call or read there may still run what the service has written, as the
superuser: its functions, its views, and what stands in the indexes of its tables. Look at the data of a service that you
do not trust without --superuser.
TEXT
}

is_superuser='' database='' service=''
while [ $# -gt 0 ]; do
  case $1 in
  --help | -h) usage && exit ;;
  --superuser) is_superuser=yes ;;
  *) break ;;
  esac
  shift
done

[ "$server" != none ] || die 'no service of this deployment uses PostgreSQL'
case ${1:-} in
'' | -*) ;;
*)
  database=$1
  shift
  ;;
esac
for candidate in "${services[@]}" ${jobs[@]+"${jobs[@]}"}; do
  owned=$(database_of "$candidate")
  [ -n "$owned" ] || continue
  if [ -z "$database" ] || [ "$database" = "$candidate" ] || [ "$database" = "$owned" ]; then
    service=$candidate database=$owned
    break
  fi
done
if [ -z "$service" ]; then
  ! engine_of "$database" >/dev/null || die "$database uses SQLite" 'psql is for PostgreSQL'
  is_superuser=yes
fi

find_project
trap 'let_go; close_server' EXIT
open_server
if [ "$server" = external ]; then
  [ -z "$is_superuser" ] || die "on $server_host only the databases of services can be opened, as their roles" \
    'name a service'
  open_psql "$service" "$database" "$@"
  exit
fi

if [ -n "$is_superuser" ]; then
  set -- open_all "$@"
else
  set -- open "$(role_of "$service")" "$(password_variable_of "$service")" "$@"
fi
enter_server "$database" "$@"
