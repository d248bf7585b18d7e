#!/usr/bin/env bash
# The documented contract of the official image, and nothing else of it: variables and their _FILE forms, initdb on an
# empty volume, the scripts of /docker-entrypoint-initdb.d under a server that listens on its socket only, and then the
# server itself.
set -euo pipefail

# value NAME DEFAULT: sets NAME from itself or from the file that NAME_FILE names; both at once are refused.
value() {
  local file=$1_FILE
  if [ -n "${!1:-}" ] && [ -n "${!file:-}" ]; then
    echo >&2 "error: both $1 and $file are set (but are exclusive)"
    exit 1
  fi
  if [ -n "${!file:-}" ]; then
    export "$1=$(<"${!file}")"
  else
    export "$1=${!1:-$2}"
  fi
  unset "$file"
}

initialize() {
  value POSTGRES_PASSWORD ''
  value POSTGRES_USER postgres
  value POSTGRES_DB "$POSTGRES_USER"
  if [ -z "$POSTGRES_PASSWORD" ]; then
    echo >&2 'Error: Database is uninitialized and superuser password is not specified.'
    exit 1
  fi
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
    --auth-local=trust --auth-host=scram-sha-256
  printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"

  PGUSER=$POSTGRES_USER pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses=''" --wait start
  if [ "$POSTGRES_DB" != postgres ]; then
    psql --no-psqlrc --no-password --set ON_ERROR_STOP=1 --set db="$POSTGRES_DB" \
      --username "$POSTGRES_USER" --dbname postgres <<<'CREATE DATABASE :"db";'
  fi
  local script
  for script in /docker-entrypoint-initdb.d/*; do
    run_script "$script"
  done
  PGUSER=$POSTGRES_USER pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
  echo 'PostgreSQL init process complete; ready for start up.'
}

run_script() {
  case $1 in
    *.sh)
      if [ -x "$1" ]; then
        echo "$0: running $1"
        "$1"
      else
        echo "$0: sourcing $1"
        # shellcheck source=/dev/null
        . "$1"
      fi
      ;;
    *.sql)
      echo "$0: running $1"
      psql --no-psqlrc --no-password --set ON_ERROR_STOP=1 \
        --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --file "$1"
      ;;
    *) echo "$0: ignoring $1" ;;
  esac
}

[ "${1:0:1}" != - ] || set -- postgres "$@"
if [ "$1" = postgres ]; then
  if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    find "$PGDATA" ! -user postgres -exec chown postgres '{}' +
    chmod 0700 "$PGDATA"
    exec gosu postgres "${BASH_SOURCE[0]}" "$@"
  fi
  if [ -s "$PGDATA/PG_VERSION" ]; then
    echo 'PostgreSQL Database directory appears to contain a database; Skipping initialization'
  else
    shopt -s nullglob
    initialize
  fi
  set -- "$@" -c listen_addresses='*'
fi
exec "$@"
