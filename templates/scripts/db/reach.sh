#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR disable=SC1091,SC2154 # databases.sh sets what is used here, as far as there is any
# shellcheck disable=SC2034 # the scripts that source this file use what is set here
#
# How the scripts beside this file reach the databases: SQLite inside its service's container, PostgreSQL inside its
# own. They source it; it does nothing by itself. The host needs bash (3.2 will do), coreutils and Docker Compose.
set -euo pipefail
set +x # with `bash -x` a password could be printed
umask 077

program=${0##*/}
program=${program%.sh}
scripts=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
started_in=$PWD
cd -- "$scripts/../.."
. "$scripts/databases.sh"

# shown: standard input as one line of at most 2000 bytes. A name from a database or a container may hold what steers a
# terminal, reorders a line, or looks like a line of ours: all that is not seen stands there as an escape.
shown() {
  tr -d '\000' | {
    head -c 2001
    cat >/dev/null
  } | LC_ALL=C awk '
    function hidden(c) {
      return c < 160 || c == 173 || c == 1564 || c >= 6155 && c <= 6158 || c >= 8203 && c <= 8207 ||
        c >= 8232 && c <= 8238 || c >= 8288 && c <= 8303 || c >= 65024 && c <= 65039 || c == 65279 ||
        c >= 65529 && c <= 65531 || c >= 917504
    }
    BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
    {
      if (NR > 1) printf "\\n"
      for (i = 1; i <= length($0) && taken < 2000; i += more + 1) {
        c = code[substr($0, i, 1)]
        more = c < 194 || c > 244 ? 0 : c < 224 ? 1 : c < 240 ? 2 : 3
        point = more == 0 ? c : more == 1 ? c - 192 : more == 2 ? c - 224 : c - 240
        for (k = 1; k <= more; k++) {
          next_ = code[substr($0, i + k, 1)]
          if (next_ < 128 || next_ > 191) break
          point = point * 64 + next_ - 128
        }
        if (k <= more || c > 127 && more == 0) {
          more = 0
          printf "\\x%02x", c
        } else if (more > 0 && hidden(point)) printf "\\u{%x}", point
        else if (c < 32 || c == 127) printf "\\x%02x", c
        else printf "%s", substr($0, i, more + 1)
        taken += more + 1
      }
      taken += 1
    }
    END { if (NR > 0) print (taken > 2000 ? " …" : "") }'
}

say() {
  printf '%s: %s\n' "$program" "$(printf %s "$1" | shown)" >&2
}

# tell MESSAGE [HELP]...
tell() {
  say "$1"
  local help
  for help in "${@:2}"; do
    printf '  help: %s\n' "$(printf %s "$help" | shown)" >&2
  done
}

# die MESSAGE [HELP]...
die() {
  tell "$@"
  exit 1
}

# tell_errors: standard input is what a program has said.
tell_errors() {
  local line
  line=$(shown)
  [ -z "$line" ] || printf '  %s\n' "${line#  }" >&2
}

# misused MESSAGE
misused() {
  say "$1"
  printf '  help: scripts/db/%s.sh --help\n' "$program" >&2
  exit 2
}

# from_start PATH: sets `path` to what the user means, in whose folder the script was started.
from_start() {
  case $1 in
  /*) path=$1 ;;
  *) path=$started_in/$1 ;;
  esac
}

# contains WORD WORDS...: whether the word is one of them.
contains() {
  local word
  for word in "${@:2}"; do
    [ "$word" != "$1" ] || return 0
  done
  return 1
}

# on_disk PATH...: what was written there is on the disk. Not every sync can be told what.
on_disk() {
  case $(sync --version 2>/dev/null) in
  *GNU*) sync -- "$@" ;;
  *) sync ;;
  esac
}

# checksum: of standard input.
checksum() {
  if command -v sha256sum >/dev/null; then
    sha256sum | cut -d ' ' -f 1
  else
    shasum -a 256 | cut -d ' ' -f 1
  fi
}

# What this run leaves behind carries the mark, should it be killed.
mark=${HOSTNAME:-host}:$$

# has_ended MARK: whether the run that left it has ended; of another host nobody knows.
has_ended() {
  [ "${1%:*}" = "${mark%:*}" ] || return 1
  case $(LC_ALL=C kill -0 "${1##*:}" 2>&1) in
  *'No such process'*) return 0 ;;
  *) return 1 ;;
  esac
}

# at_the_end FUNCTION: calls it however the script ends, unless it is killed, and leaves what runs as it was.
at_the_end() {
  # shellcheck disable=SC2064 # the function is known now
  trap "ended $1" EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

ended() {
  local status=$?
  trap - EXIT
  trap '' HUP INT TERM
  "$1"
  let_go
  [ "${#stopped[@]}" = 0 ] || docker start "${stopped[@]}" >/dev/null || true
  close_server
  exit "$status"
}

export COMPOSE_PROGRESS=quiet # old versions of Compose don't know it, and tell what they start

# find_project: sets `project`, the name by which Compose knows this deployment.
find_project() {
  docker compose version >/dev/null 2>&1 || die 'docker compose is not there'
  project=$(docker compose config | sed -n 's/^name: //p') || die 'docker compose does not accept this deployment'
  local container of
  while read -r container of; do
    ! has_ended "$of" || docker rm --force --volumes "$container" >/dev/null 2>&1 || true
  done < <(
    docker ps --all --filter "label=com.docker.compose.project=$project" --filter label=codelab-gen.started-by \
      --format '{{.ID}} {{.Label "codelab-gen.started-by"}}'
  )
}

# list SERVICE STATE...: its containers in these states, without those that `docker compose run` has started.
list() {
  local label=label=com.docker.compose state states=()
  for state in "${@:2}"; do
    states+=(--filter "status=$state")
  done
  docker ps --all --quiet --filter "$label.project=$project" --filter "$label.service=$1" \
    --filter "$label.oneoff=False" "${states[@]}"
}

# find_running SERVICE: sets `container` to one of its containers that run, or to nothing.
find_running() {
  container=$(list "$1" running) || die "docker does not tell what runs of $1"
  container=${container%%$'\n'*}
}

# find_started SERVICE: sets `started` to all its containers that could write, or would soon.
find_started() {
  local found line
  started=()
  found=$(list "$1" running restarting paused) || die "docker does not tell what runs of $1"
  while IFS= read -r line; do
    [ -z "$line" ] || started+=("$line")
  done <<<"$found"
}

# Containers that were stopped for this run. The very same are started at its end: `docker compose up` could make others.
stopped=()

# stop CONTAINER...
stop() {
  stopped+=("$@")
  [ $# = 0 ] || docker stop "$@" >/dev/null
}

# Containers that were started for this run only.
held=()

# hold SERVICE [OPTION]...: sets `container` to one that only waits, with the service's image, user, mounts and
# variables; fails where there is none.
# What is run in there by `docker exec` is not logged; the output of the container itself would be, databases and all.
hold() {
  container=$(
    docker compose run --detach --rm --no-TTY --label "codelab-gen.started-by=$mark" --entrypoint /bin/sh "${@:2}" "$1" \
      -c 'exec sleep 86400' </dev/null
  ) || {
    tell "the image of $1 does not start: expected one with a shell"
    return 1
  }
  container=${container##*$'\n'}
  held+=("$container")
}

let_go() {
  [ "${#held[@]}" = 0 ] || docker rm --force --volumes "${held[@]}" >/dev/null 2>&1 || true
  held=()
}

# shellcheck disable=SC2016 # for the container's shell
find_python='p=$(command -v python || command -v python3)'

# How long a container may be silent, in seconds.
patience=10

# within SECONDS COMMAND...: a command without input. One that takes longer is ended, and has failed.
within() {
  local pid
  "${@:2}" </dev/null &
  pid=$!
  ends_within "$1" "$pid" || {
    end "$pid"
    return 1
  }
  wait "$pid"
}

# ends_within SECONDS PID: whether a program that we have started ends by itself.
ends_within() {
  local deadline=$((SECONDS + $1))
  while kill -0 "$2" 2>/dev/null; do
    [ "$SECONDS" -le "$deadline" ] || return 1
    sleep 0.1
  done
}

# end PID: a program that we have started.
end() {
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

# Tells as whom the service runs, where `docker exec` comes in as root: as the first process does; where that is ours
# (hold), as whom the folder of the database belongs to, unless the database is root's. Nothing is found by PATH, which
# may lead into a folder of the service.
# shellcheck disable=SC2016 # for the container's shell
tell_user='
  of() {
    while read -r key id rest; do
      case $key in
      Uid:) user=$id ;;
      Gid:) group=$id ;;
      *) ;;
      esac
    done <"/proc/$1/status"
  }
  of self
  [ "$user" = 0 ] || exit 0
  of 1
  if [ "$user" = 0 ] && [ -n "$2" ] && [ -d "${1%/*}" ]; then
    set -- "$1" "$2" $(/bin/ls -ldn "${1%/*}") && user=$5 group=$6
    [ ! -f "$1" ] || [ -L "$1" ] || [ -L "${1%/*}" ] || [ ! -O "$1" ] || user=0
  fi
  [ "$user" = 0 ] || echo "$user:$group"
'

# find_user CONTAINER FILE: sets `as` to the options with which `docker exec` comes in as the service runs: never as
# root where the service itself is somebody else. Fails where the container does not tell.
find_user() {
  local user is_held=
  ! contains "$1" ${held[@]+"${held[@]}"} || is_held=yes
  user=$(within "$patience" docker exec "$1" /bin/sh -c "$tell_user" sh "$2" "$is_held" | head -c 64) || return 1
  as=()
  case $user in
  '') ;;
  *[!0-9:]*) return 1 ;;
  *) as=(--user "$user") ;;
  esac
}

# need_python SERVICE: the running or held container in `container` has what sqlite.py needs.
need_python() {
  # shellcheck disable=SC2016 # for the container's shell
  {
    find_user "$container" "$(sqlite_file_of "$1")" &&
      within "$patience" docker exec ${as[@]+"${as[@]}"} "$container" \
        sh -c "$find_python"' && exec "$p" -I -c "import sqlite3"' >/dev/null 2>&1
  } || {
    tell "the image of $1 has no Python with sqlite3, which reads its database, or its container does not answer"
    return 1
  }
}

# as_service CONTAINER COMMAND FILE [ARGUMENT]...: sqlite.py in a service's container and as its user, in the place of
# this shell.
as_service() {
  find_user "$1" "$3" || die 'a container does not tell as whom it runs: expected one with /bin/sh'
  # shellcheck disable=SC2016 # for the container's shell
  exec docker exec --interactive ${as[@]+"${as[@]}"} "$1" \
    sh -c "$find_python"' && exec "$p" -I -c "$@"' sh "$(<"$scripts/sqlite.py")" "${@:2}"
}

# in_service CONTAINER ARGUMENT...: the same with this one's input and output.
in_service() {
  { (as_service "$@") 2>&1 >&4 4>&- | tell_errors 4>&-; } 4>&1
}

# before_of FILE: of standard input, the names that a file which was replaced may have; a folder of a service's may hold
# any other.
before_of() {
  local line
  while IFS= read -r line; do
    case ${line#"$1.before-"} in
    [0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]_[0-9][0-9][0-9][0-9][0-9][0-9]) printf '%s\n' "$line" ;;
    *) ;;
    esac
  done
}

# The container of the server, once open_server has found or started it.
server_container=
server_was_started=

# open_server: from here on in_server reaches the server, which is started for this run where it stands still.
open_server() {
  case $server in
  none) die 'no service of this deployment uses PostgreSQL' ;;
  external)
    [ -z "$server_image" ] || return 0
    tell "the server $server_host is reached by the programs of an image, and the profile names none" \
      'write postgres: { image: "postgres:17" } or whatever major version the server has, and run codelab-gen'
    return 1
    ;;
  *) ;;
  esac
  find_running postgres
  if [ -z "$container" ]; then
    server_was_started=yes
    docker compose up --detach --wait postgres </dev/null || {
      tell 'the server does not start' 'docker compose logs postgres'
      return 1
    }
    find_running postgres
  fi
  server_container=$container
}

# close_server: as it was before.
close_server() {
  if [ -n "$server_was_started" ]; then
    docker compose stop postgres </dev/null >/dev/null 2>&1 || true
    server_was_started=
  fi
}

# as_server SERVICE FUNCTION ARGUMENT...: postgres.sh beside the server's programs, in the place of this shell. As the
# server's superuser; on an external server as the service's role.
as_server() {
  local body
  body=$(<"$scripts/postgres.sh")
  export ROLES="${ROLES:-}" FOUND="${FOUND:-}" PASSWORD="${PASSWORD:-}"
  if [ "$server" = container ]; then
    exec docker exec --interactive --env ROLES --env FOUND --env PASSWORD "$server_container" \
      bash -c "$body" postgres.sh "${@:2}"
  fi
  set_login "$1"
  set_client --interactive --env ROLES --env FOUND --entrypoint bash "$server_image" -c "$body" postgres.sh "${@:2}"
  exec "${client[@]}"
}

# in_server SERVICE FUNCTION ARGUMENT...: the same with this one's input and output. Messages of PostgreSQL have names
# from the database in them.
in_server() {
  { (as_server "$@") 2>&1 >&4 4>&- | tell_errors 4>&-; } 4>&1
}

# has_database SERVICE: whether its database exists; 1 where it does not, and 2 where nobody knows.
has_database() {
  local status=0
  in_server "$1" exists "$(database_of "$1")" </dev/null || status=$?
  case $status in
  0) ;;
  4) return 1 ;;
  *)
    tell 'the server does not tell which databases it has'
    return 2
    ;;
  esac
}

# need_right_to_make SERVICE: on an external server its role must make a database, to be renamed when all is in it.
need_right_to_make() {
  in_server "$1" may_make </dev/null ||
    die "$(role_of "$1") may not make databases on $server_host; nothing was changed" \
      "an administrator allows it for the time: ALTER ROLE $(role_of "$1") CREATEDB"
}

# set_login SERVICE: the variables by which psql logs in to an external server.
set_login() {
  PGPASSWORD=$(password_of "$1") || exit
  PGUSER=$(role_of "$1")
  PGHOST=$server_host PGPORT=$server_port PGSSLMODE=$server_tls
  export PGPASSWORD PGUSER PGHOST PGPORT PGSSLMODE
}

# set_client ARGUMENT...: sets `client` to a `docker run`, by the variables that psql reads. What it puts out is not
# logged.
set_client() {
  local certificates=$server_certificates
  certificates=${certificates:-${PGSSLROOTCERT:-/etc/ssl/certs/ca-certificates.crt}}
  case $certificates in
  /*) ;;
  *) certificates=$PWD/${certificates#./} ;;
  esac
  if [ "$server_tls" = verify-full ]; then
    [ -f "$certificates" ] || die "$certificates, by which the server's certificate is verified, is not there" \
      'set PGSSLROOTCERT to the file with the certificates that you trust'
    set -- --env PGSSLROOTCERT=/certificates.pem --volume "$certificates:/certificates.pem:ro" "$@"
  fi
  client=(
    docker run --rm --log-driver none --env PGPASSWORD --env PGUSER --env PGHOST --env PGPORT --env PGSSLMODE "$@"
  )
}

# password_of SERVICE: from the environment, from .env, or from the file that Compose would give to a container. Of .env
# one line is read, as a shell reads it: others may be no shell at all.
password_of() {
  local name line file
  name=$(password_variable_of "$1")
  file=secrets/$(printf %s "$name" | tr '[:upper:]' '[:lower:]')
  if [ -n "${!name:-}" ]; then
    printf %s "${!name}"
  elif line=$(grep "^$name=" .env 2>/dev/null | tail -n 1) && [ -n "$line" ]; then
    eval "$line"
    printf %s "${!name}"
  elif [ -f "$file" ]; then
    cat "$file"
  else
    die "$name is neither in the environment nor in .env" 'run codelab-gen to write .env'
  fi
}

# align_server: the roles and databases are as the profile and .env say. Where those of one service can't be, this is
# told, and stops nobody else.
align_server() {
  [ "$server" = container ] || return 0
  local aligned=yes
  # A new container has the secrets and URLs of now; the server's own may have been made with others.
  case " $(docker compose config --services | tr '\n' ' ')" in
  *' postgres-ensure '*) docker compose run --rm --no-deps --no-TTY postgres-ensure </dev/null >/dev/null || aligned= ;;
  *) docker exec --interactive "$server_container" bash -s <scripts/init-postgres.sh >/dev/null || aligned= ;;
  esac
  [ -n "$aligned" ] ||
    tell 'the roles and databases could not be brought in line' 'see the message of init-postgres above'
}

# make_beside SERVICE NEW EXTENSIONS: a database like that of the service, with these extensions, which are lines as
# pg_dump writes them. It belongs to the service's role.
make_beside() {
  local database role missing
  database=$(database_of "$1")
  role=$(role_of "$1")
  in_server "$1" make "$database" "$2" </dev/null || {
    tell "no database could be made beside $database; nothing was changed"
    return 1
  }
  if [ -n "$3" ]; then
    missing=$(FOUND=$3 in_server "$1" add_extensions "$2" "$role" </dev/null) || {
      tell "the extensions of $database could not be made; nothing was changed"
      return 1
    }
    [ -z "$missing" ] || {
      tell "the server does not have the extension $missing; nothing was changed" \
        'take an image for postgres that has it'
      return 1
    }
  fi
  in_server "$1" give "$2" "$role" </dev/null
}

# tell_commands SERVICE FILE: commands of psql in an archive of the service's, which our scripts never give to psql.
tell_commands() {
  local found
  found=$(in_server "$1" psql_commands <"$2") || return
  [ -z "$found" ] ||
    tell "psql would take for commands what stands in ${2##*/}: $found" \
      'never give the text of this archive to psql; restore.sh does not'
}

# short NAME LENGTH: a name that leaves place for LENGTH more characters in PostgreSQL's 63; names stay different.
short() {
  if [ "$((${#1} + $2))" -le 63 ]; then
    printf %s "$1"
  else
    local sum
    sum=$(printf %s "$1" | cksum | cut -d ' ' -f 1)
    printf '%s_%s' "${1:0:63-$2-11}" "$sum"
  fi
}
