#!/usr/bin/env bash
# What the official image documents, in the same order: variables and their _FILE forms, initdb on an empty volume, access
# for other containers, the scripts of /docker-entrypoint-initdb.d under a server that listens on its socket only, and then
# the server itself with the arguments that it was given. Scripts that are not executable are read by this shell, so its
# options are those of the image's. Left out: the help options of postgres, and names for users that have none.
set -Eeo pipefail

scripts=/docker-entrypoint-initdb.d

# value NAME [DEFAULT]: sets NAME from itself or from the file that NAME_FILE names; both at once are refused.
value() {
  local file=$1_FILE
  if [ -n "${!1}" ] && [ -n "${!file}" ]; then
    echo >&2 "error: both $1 and $file are set (but are exclusive)"
    exit 1
  fi
  if [ -n "${!file}" ]; then
    export "$1=$(<"${!file}")"
  else
    export "$1=${!1:-$2}"
  fi
  unset "$file"
}

make_folders() {
  local owned=("$PGDATA" /var/run/postgresql)
  mkdir -p "$PGDATA" /var/run/postgresql || true
  chmod 0700 "$PGDATA" || true
  chmod 3775 /var/run/postgresql || true
  if [ -n "$POSTGRES_INITDB_WALDIR" ]; then
    mkdir -p "$POSTGRES_INITDB_WALDIR"
    chmod 0700 "$POSTGRES_INITDB_WALDIR"
    owned+=("$POSTGRES_INITDB_WALDIR")
  fi
  if [ "$(id -u)" = 0 ]; then
    find "${owned[@]}" ! -user postgres -exec chown postgres '{}' +
  fi
}

# For its own user everything inside of the container is open; for others, what POSTGRES_HOST_AUTH_METHOD says.
make_data() {
  local options=(--username="$POSTGRES_USER") more
  [ -z "$POSTGRES_INITDB_WALDIR" ] || options+=(--waldir="$POSTGRES_INITDB_WALDIR")
  eval "more=($POSTGRES_INITDB_ARGS)"
  initdb "${options[@]}" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${more[@]}"
  local method=${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption "$@")}
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

# query DATABASE [ARGUMENT]...: runs what standard input or the arguments say.
query() {
  PGHOST='' PGHOSTADDR='' psql --no-psqlrc --no-password --set ON_ERROR_STOP=1 \
    --username "$POSTGRES_USER" --dbname "$@"
}

initialize() {
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
    echo >&2 'Error: Database is uninitialized and superuser password is not specified.'
    exit 1
  fi
  ls "$scripts" >/dev/null
  shift
  make_data "$@"

  export PGPASSWORD=${PGPASSWORD:-$POSTGRES_PASSWORD}
  local arguments
  arguments=$(printf '%q ' "$@" -c listen_addresses= -p "${PGPORT:-5432}")
  PGUSER=${PGUSER:-$POSTGRES_USER} pg_ctl --pgdata="$PGDATA" --options="$arguments" --wait start
  local made script
  made=$(query postgres --set db="$POSTGRES_DB" -At <<<"SELECT 1 FROM pg_database WHERE datname = :'db';")
  [ -n "$made" ] || query postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
  for script in "$scripts"/*; do
    run_script "$script"
  done
  PGUSER=${PGUSER:-postgres} pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
  unset PGPASSWORD
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
    *.sql) echo "$0: running $1" && query "$POSTGRES_DB" --file "$1" ;;
    *.sql.gz) echo "$0: running $1" && gunzip -c "$1" | query "$POSTGRES_DB" ;;
    *.sql.xz) echo "$0: running $1" && xzcat "$1" | query "$POSTGRES_DB" ;;
    *.sql.zst) echo "$0: running $1" && zstd -dc "$1" | query "$POSTGRES_DB" ;;
    *) echo "$0: ignoring $1" ;;
  esac
}

[ "${1:0:1}" != - ] || set -- postgres "$@"
if [ "$1" = postgres ]; then
  value POSTGRES_PASSWORD
  value POSTGRES_USER postgres
  value POSTGRES_DB "$POSTGRES_USER"
  value POSTGRES_INITDB_ARGS
  make_folders
  if [ "$(id -u)" = 0 ]; then
    exec gosu postgres "${BASH_SOURCE[0]}" "$@"
  fi
  if [ -s "$PGDATA/PG_VERSION" ]; then
    echo 'PostgreSQL Database directory appears to contain a database; Skipping initialization'
  else
    initialize "$@"
  fi
fi
exec "$@"
