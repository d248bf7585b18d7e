#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR disable=SC1091,SC2154 # databases.sh sets what is used here, as far as there is any
# shellcheck disable=SC2034 # the scripts that source this file use what is set here
#
# How the scripts beside this file reach the databases: SQLite inside its service's container, PostgreSQL inside its
# own. They source it; it does nothing by itself. The host needs bash (3.2 will do), coreutils, and what the deployment
# runs on: Docker Compose, or kubectl.
set -euo pipefail
set +x # with `bash -x` a password could be printed
umask 077

program=${0##*/}
program=${program%.sh}
scripts=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
started_in=$PWD
cd -- "${CODELAB_GEN_FOLDER:-$scripts/../..}"
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
  exit "${failure:-1}"
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

# service_of NAME: the service of a database; its further ones are called SERVICE/NAME.
service_of() {
  printf %s "${1%%/*}"
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
  start_stopped
  close_server
  exit "$status"
}

# What was stopped for this run, and is started at its end.
stopped=()

# Containers that were started for this run only.
held=()

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

# in_service CONTAINER COMMAND FILE [ARGUMENT]...: as_service with this one's input and output.
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

# in_server SERVICE FUNCTION ARGUMENT...: as_server with this one's input and output. Messages of PostgreSQL have names
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

# prepared_of SERVICE: the name of a database that an administrator may make for a service of an external server.
prepared_of() {
  printf '%s_prepared' "$(short "$(database_of "$1")" 9)"
}

# make_or_take SERVICE NEW: on an external server what an administrator has prepared, else one that is made.
make_or_take() {
  local status=4
  if [ "$server" = external ]; then
    status=0
    in_server "$1" take "$(prepared_of "$1")" "$2" </dev/null || status=$?
  fi
  [ "$status" != 4 ] || { status=0 && in_server "$1" make "$(database_of "$1")" "$2" </dev/null || status=$?; }
  return "$status"
}

# may_add SERVICE NEW EXTENSIONS: on an external server whether its role may make those that are not there yet.
may_add() {
  [ "$server" = external ] || return 0
  local statements line
  statements=$(FOUND=$3 in_server "$1" to_prepare "$(database_of "$1")" "$2" "$(prepared_of "$1")" </dev/null) || return
  [ -n "$statements" ] || return 0
  tell "$(database_of "$1") needs extensions that only an administrator of $server_host may make; nothing was changed" \
    'he makes a database with them by these statements; then run this again:'
  while IFS= read -r line; do
    printf '    %s\n' "$(printf %s "$line" | shown)" >&2
  done <<<"$statements"
  return 1
}

# make_beside SERVICE NEW EXTENSIONS: a database like that of the service, with these extensions, which are lines as
# pg_dump writes them. It belongs to the service's role.
make_beside() {
  local database role missing
  database=$(database_of "$1")
  role=$(role_of "$1")
  make_or_take "$1" "$2" || {
    tell "no database could be made beside $database; nothing was changed"
    return 1
  }
  if [ -n "$3" ]; then
    may_add "$1" "$2" "$3" || return
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

# extensions_in SERVICE FILE: how an archive of the service's makes its extensions.
extensions_in() {
  local found
  found=$(in_server "$1" list_extensions <"$2") || return
  [ -z "$found" ] || FOUND=$found in_server "$1" show_extensions <"$2"
}

# load_into SERVICE NEW FILE: an archive of the service's into the empty database NEW, which is its role's; prints the
# rows that are there then, and what was left out.
load_into() {
  local part load
  for part in definitions rows; do
    load=(load "$part" "$2")
    [ "$server" = external ] ||
      load=(load_as "$(role_of "$1")" "$(password_variable_of "$1")" "$part" "$2")
    # Who keeps it elsewhere than in .env has it in the container.
    PASSWORD=$(password_of "$1" 2>/dev/null) || PASSWORD=
    PASSWORD=$PASSWORD in_server "$1" "${load[@]}" "$(database_of "$1")" <"$3" || return
  done
}

# tell_versions SERVICE FILE VERSION: where an archive was made of a newer server than that of now, or by programs that
# those of now can't read.
tell_versions() {
  local found server_major programs
  found=$(in_server "$1" majors </dev/null) || return 0
  read -r server_major programs <<<"$found"
  case $server_major$programs${3%%.*} in
  *[!0-9]* | '') return 0 ;;
  *) ;;
  esac
  if [ "${3%%.*}" -gt "$server_major" ]; then
    tell "${2##*/} was made of PostgreSQL $3, and the server is PostgreSQL $server_major" \
      "restore it into PostgreSQL ${3%%.*} or later"
  elif ! in_server "$1" read_list <"$2" 2>/dev/null; then
    tell "the programs of PostgreSQL $programs can't read ${2##*/}: it is damaged, or newer ones have made it" \
      'where the image of postgres was newer when it was made, take that image again'
  fi
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
