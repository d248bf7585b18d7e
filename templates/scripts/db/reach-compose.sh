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

# at_container CONTAINER: sets `docker_at` to how the engine is reached that has it, and `docker_id` to its name there.
at_container() {
  docker_at=(docker) docker_id=$1
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
# What it says of itself is text of a container, and nothing of it steers a terminal.
in_backup() {
  { docker exec --user postgres "$1" bash /scripts/backups.sh "${@:2}" </dev/null 2>&1 >&3 | shown_lines >&2; } 3>&1
}

# shown_lines: each line of standard input as `shown` has it.
shown_lines() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    printf '%s\n' "$(printf %s "$line" | shown)"
  done
}

# run_beside SERVICE: how a command is run in its container.
run_beside() {
  printf 'docker compose exec %s' "$(service_of "$1")"
}

# What starts everything, and what shows why something does not start.
starts_all='docker compose up -d --wait'
shows_logs='docker compose logs'
