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
# root where the service itself is somebody else; and `docker_at` and `docker_id`. Fails where the container does not tell.
find_user() {
  local user is_held=
  ! contains "$1" ${held[@]+"${held[@]}"} || is_held=yes
  at_container "$1"
  user=$(
    within "$patience" "${docker_at[@]}" exec "$docker_id" /bin/sh -c "$tell_user" sh "$2" "$is_held" | head -c 64
  ) || return 1
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
      within "$patience" "${docker_at[@]}" exec ${as[@]+"${as[@]}"} "$docker_id" \
        sh -c "$find_python"' && exec "$p" -I -c "import sqlite3"' >/dev/null 2>&1
  } || {
    tell "the image of $(service_of "$1") has no Python with sqlite3, which reads its database, or its container does not answer"
    return 1
  }
}

# as_service CONTAINER COMMAND FILE [ARGUMENT]...: sqlite.py in a service's container and as its user, in the place of
# this shell.
as_service() {
  find_user "$1" "$3" || die 'a container does not tell as whom it runs: expected one with /bin/sh'
  # shellcheck disable=SC2016 # for the container's shell
  exec "${docker_at[@]}" exec --interactive ${as[@]+"${as[@]}"} "$docker_id" \
    sh -c "$find_python"' && exec "$p" -I -c "$@"' sh "$(<"$scripts/sqlite.py")" "${@:2}"
}

# How programs are started beside the server.
server_options=()

# as_server SERVICE FUNCTION ARGUMENT...: postgres.sh beside the server's programs, in the place of this shell. As the
# server's superuser; on an external server as the service's role.
as_server() {
  local body
  body=$(<"$scripts/postgres.sh")
  export ROLES="${ROLES:-}" FOUND="${FOUND:-}" PASSWORD="${PASSWORD:-}"
  if [ "$server" = container ]; then
    at_container "$server_container"
    exec "${docker_at[@]}" exec --interactive --env ROLES --env FOUND --env PASSWORD \
      ${server_options[@]+"${server_options[@]}"} "$docker_id" \
      bash -c "$body" postgres.sh "${@:2}"
  fi
  set_login "$1"
  set_client --interactive --env ROLES --env FOUND --entrypoint bash "$server_image" -c "$body" postgres.sh "${@:2}"
  exec "${client[@]}"
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

# open_psql SERVICE DATABASE [ARGUMENT]...: psql on a database of an external server, as the service's role.
open_psql() {
  set_login "$1"
  export PGDATABASE=$2
  set_terminal
  set_client --interactive ${terminal[@]+"${terminal[@]}"} --env PGDATABASE --entrypoint psql "$server_image" "${@:3}"
  "${client[@]}"
}

# enter_server DATABASE FUNCTION [ARGUMENT]...: postgres.sh beside the server's programs, for who sits before the terminal.
enter_server() {
  set_terminal
  at_container "$server_container"
  "${docker_at[@]}" exec --interactive ${terminal[@]+"${terminal[@]}"} --env "DATABASE=$1" "$docker_id" \
    bash -c "$(<"$scripts/postgres.sh")" postgres.sh "${@:2}"
}

set_terminal() {
  terminal=()
  if [ -t 0 ] && [ -t 1 ]; then
    terminal=(--tty)
  fi
}
