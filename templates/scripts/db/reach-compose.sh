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

# list SERVICE STATE...: its containers in these states, without those that `docker compose run` has started. Podman knows
# fewer states by name.
list() {
  local label=label=com.docker.compose id state
  docker ps --all --format '{{.ID}} {{.State}}' --filter "$label.project=$project" \
    --filter "$label.service=$(service_of "$1")" --filter "$label.oneoff=False" | while read -r id state; do
    ! contains "$state" "${@:2}" || printf '%s\n' "$id"
  done
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

# stop CONTAINER...
stop() {
  stopped+=("$@")
  [ $# = 0 ] || docker stop "$@" >/dev/null
}

# hold SERVICE [OPTION]...: sets `container` to one that only waits, with the service's image, user, mounts and
# variables; fails where there is none.
# What is run in there by `docker exec` is not logged; the output of the container itself would be, databases and all.
hold() {
  container=$(
    docker compose run --detach --rm --no-TTY --label "codelab-gen.started-by=$mark" --entrypoint /bin/sh "${@:2}" \
      "$(service_of "$1")" -c 'exec sleep 86400' </dev/null
  ) || {
    tell "the image of $(service_of "$1") does not start: expected one with a shell"
    return 1
  }
  container=${container##*$'\n'}
  held+=("$container")
}

let_go() {
  [ "${#held[@]}" = 0 ] || docker rm --force --volumes "${held[@]}" >/dev/null 2>&1 || true
  held=()
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
    tell "the image of $(service_of "$1") has no Python with sqlite3, which reads its database, or its container does not answer"
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

# How programs are started beside the server.
server_options=()

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
  if [ -n "${RESTORED_SERVER:-}" ]; then
    # One that restore.sh has made of the backups of another time: its container, and the folder with its socket.
    server_container=${RESTORED_SERVER%% *}
    server_options=(--user postgres --env "SOCKET_FOLDER=${RESTORED_SERVER#* }")
    return
  fi
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
    exec docker exec --interactive --env ROLES --env FOUND --env PASSWORD \
      ${server_options[@]+"${server_options[@]}"} "$server_container" \
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
  docker exec --interactive ${terminal[@]+"${terminal[@]}"} --env "DATABASE=$1" "$server_container" \
    bash -c "$(<"$scripts/postgres.sh")" postgres.sh "${@:2}"
}

set_terminal() {
  terminal=()
  if [ -t 0 ] && [ -t 1 ]; then
    terminal=(--tty)
  fi
}

# start_stopped: the very same containers: `docker compose up` could make others.
start_stopped() {
  [ "${#stopped[@]}" = 0 ] || docker start "${stopped[@]}" >/dev/null || true
}

# start_again SERVICE...: with the data of now, and waits until they work.
start_again() {
  local name services=()
  stopped=()
  for name in "$@"; do
    name=$(service_of "$name")
    contains "$name" ${services[@]+"${services[@]}"} || services+=("$name")
  done
  docker compose up --detach --wait "${services[@]}" </dev/null
}

# in_backup CONTAINER ARGUMENT...: backups.sh in a container that was held for it, as the server's user.
in_backup() {
  docker exec --user postgres "$1" bash /scripts/backups.sh "${@:2}" </dev/null
}

# run_beside SERVICE: how a command is run in its container.
run_beside() {
  printf 'docker compose exec %s' "$(service_of "$1")"
}

# What starts everything, and what shows why something does not start.
starts_all='docker compose up -d --wait'
shows_logs='docker compose logs'
