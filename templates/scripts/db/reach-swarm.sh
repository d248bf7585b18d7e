# find_project: sets `project`, the name of the stack, and `here`, the node whose engine docker reaches: it must be a
# manager, which knows where every task runs.
find_project() {
  command -v docker >/dev/null || die 'docker is not there'
  project=$stack
  local state
  state=$(docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}} {{.Swarm.NodeID}}' 2>/dev/null) ||
    die 'docker reaches no engine'
  case $state in
  'active true '*) here=${state##* } ;;
  'active false '*) die 'the engine that docker reaches is no manager of its Swarm' 'docker context use MANAGER' ;;
  *) die 'the engine that docker reaches is in no Swarm' 'docker context use MANAGER' ;;
  esac
  remove_forgotten docker
}

# remove_forgotten DOCKER...: what runs that were killed have left on an engine.
remove_forgotten() {
  local container of
  while read -r container of; do
    ! has_ended "$of" || "$@" rm --force --volumes "$container" >/dev/null 2>&1 || true
  done < <(
    "$@" ps --all --filter "label=com.docker.stack.namespace=$project" --filter label=codelab-gen.started-by \
      --format '{{.ID}} {{.Label "codelab-gen.started-by"}}' 2>/dev/null
  )
}

# A container is called by the context of its engine and its number there: NAME/NUMBER, and /NUMBER on this engine.

# at_container CONTAINER: sets `docker_at` to how the engine is reached that has it, and `docker_id` to its name there.
at_container() {
  docker_at=(docker) docker_id=${1#*/}
  [ -z "${1%%/*}" ] || docker_at+=(--context "${1%%/*}")
}

# find_node NODE SERVICE: sets `context` to that by which docker reaches the engine of a node, which is called like its
# host; to nothing for this one. Fails where there is none.
find_node() {
  local name found=
  context=
  [ "$1" != "$here" ] || return 0
  name=$(docker node inspect --format '{{.Description.Hostname}}' "$1" 2>/dev/null) || name=
  case $name in
  '' | [!A-Za-z0-9]* | *[!A-Za-z0-9_.+-]*) name=$1 ;;
  *) found=$(within 30 docker --context "$name" info --format '{{.Swarm.NodeID}}' 2>/dev/null) || found= ;;
  esac
  if [ "$found" != "$1" ]; then
    tell "$2 is on the node $name, and there is no context of docker for it that is called so" \
      "docker context create $name --docker host=ssh://$name"
    return 1
  fi
  context=$name
  remove_forgotten docker --context "$name"
}

# name_of SERVICE: what the Swarm calls it.
name_of() {
  printf '%s_%s' "$project" "$(service_of "$1")"
}

# is_there SERVICE: whether the Swarm has it.
is_there() {
  local names
  names=$(docker service ls --filter "label=com.docker.stack.namespace=$project" --format '{{.Name}}') ||
    die "the Swarm does not tell which services $project has"
  [[ $'\n'$names$'\n' == *$'\n'"$(name_of "$1")"$'\n'* ]]
}

# tasks_of SERVICE: lines of state, desired state, node and container of its tasks, the newest first.
tasks_of() {
  local ids said attempt
  for attempt in 1 2 3 4 5; do
    ids=$(docker service ps --quiet --no-trunc "$(name_of "$1")") || return
    [ -n "$ids" ] || return 0
    # An old one may be gone since then.
    # shellcheck disable=SC2086 # numbers without blanks
    if said=$(docker inspect --type task --format \
      '{{.Status.State}} {{.DesiredState}} {{or .NodeID "-"}} {{with .Status.ContainerStatus}}{{.ContainerID}}{{end}}' \
      $ids 2>/dev/null); then
      printf '%s\n' "$said"
      return
    fi
    sleep "0.$attempt"
  done
  return 1
}

# find_running SERVICE: sets `container` to one of its containers that run, or to nothing.
find_running() {
  local tasks state desired node id
  container=
  is_there "$1" || return 0
  tasks=$(tasks_of "$1") || die "the Swarm does not tell what runs of $1"
  while read -r state desired node id; do
    case $state,$desired in
    running,running | starting,running) [ -n "$id" ] || continue ;;
    *) continue ;;
    esac
    find_node "$node" "$1" || exit
    container=$context/$id
    return
  done <<<"$tasks"
}

# active_tasks SERVICE: how many of its tasks have not ended. Of one on a lost node nobody hears; what it has open of the
# server is closed when a database is replaced, and a volume can't be reached either.
active_tasks() {
  local tasks state desired node id count=0
  tasks=$(tasks_of "$1") || return
  while read -r state desired node id; do
    case $state in
    '' | complete | failed | shutdown | rejected | orphaned | remove) continue ;;
    *) ;;
    esac
    [ "$desired" = running ] || [ "$(docker node inspect --format '{{.Status.State}}' "$node" 2>/dev/null)" != down ] ||
      continue
    count=$((count + 1))
  done <<<"$tasks"
  echo "$count"
}

# find_started SERVICE: sets `started` to the service, if its tasks could write, and how many it wants.
find_started() {
  local replicas active
  started=()
  is_there "$1" || return 0
  replicas=$(docker service inspect --format '{{with .Spec.Mode.Replicated}}{{.Replicas}}{{end}}' "$(name_of "$1")") ||
    die "the Swarm does not tell what runs of $1"
  if [ "${replicas:-0}" != 0 ]; then
    started=("$1 $replicas")
    return
  fi
  active=$(active_tasks "$1") || die "the Swarm does not tell what runs of $1"
  [ "$active" = 0 ] || die "a task of $1 runs, and is about to end" 'wait until it has ended'
}

# stop SERVICE-AND-REPLICAS...: and waits until their tasks have ended.
stop() {
  local line active deadline
  for line in "$@"; do
    stopped+=("$line")
    docker service scale --detach "$(name_of "${line% *}")=0" >/dev/null || return
  done
  for line in "$@"; do
    deadline=$((SECONDS + 600))
    while active=$(active_tasks "${line% *}") && [ "$active" != 0 ]; do
      [ "$SECONDS" -le "$deadline" ] || {
        tell "the tasks of ${line% *} do not end" "docker service ps $(name_of "${line% *}")"
        return 1
      }
      sleep 0.5
    done
  done
}

# start_stopped: as many tasks as there were.
start_stopped() {
  local line
  for line in ${stopped[@]+"${stopped[@]}"}; do
    docker service scale --detach "$(name_of "${line% *}")=${line##* }" >/dev/null || true
  done
}

# start_again SERVICE...: what was stopped for this run, with the data of now; and waits until it works.
start_again() {
  local line running deadline again=(${stopped[@]+"${stopped[@]}"})
  start_stopped
  stopped=()
  for line in ${again[@]+"${again[@]}"}; do
    deadline=$((SECONDS + 600))
    while running=$(tasks_of "${line% *}" | grep -c '^running running ') || true && [ "$running" != "${line##* }" ]; do
      [ "$SECONDS" -le "$deadline" ] || return 1
      sleep 0.5
    done
  done
}

# run_beside SERVICE: how a command is run in its container.
run_beside() {
  local label at=docker node
  label=com.docker.swarm.service.name=$(name_of "$1")
  node=$(node_of "$1") && find_node "$node" "$1" || context=
  [ -z "$context" ] || at+=" --context $context"
  # shellcheck disable=SC2016 # for who types it
  printf '%s exec "$(%s ps --quiet --filter label=%s)"' "$at" "$at" "$label"
}

# What starts everything, and what shows why something does not start.
starts_all='scripts/deploy.sh'
shows_logs="docker service logs ${stack}_SERVICE, of"

# node_of SERVICE: the node that has its volumes: where a task of it runs or ran, else what its constraint names.
node_of() {
  local tasks state desired node='' id constraint nodes
  tasks=$(tasks_of "$1") || return
  while read -r state desired node id; do
    case $state in
    running | starting | shutdown | complete | failed) [ "$node" = - ] || break ;;
    *) ;;
    esac
    node=
  done <<<"$tasks"
  if [ -z "$node" ]; then
    while read -r constraint; do
      case $constraint in
      node.labels.*==*)
        constraint=${constraint#node.labels.}
        nodes=$(docker node ls --quiet --filter "node.label=${constraint%%==*}=${constraint#*==}") || return
        [ "$nodes" != "${nodes%%$'\n'*}" ] || node=$nodes
        ;;
      *) ;;
      esac
    done < <(
      docker service inspect --format '{{with .Spec.TaskTemplate.Placement}}{{range .Constraints}}{{println .}}{{end}}{{end}}' \
        "$(name_of "$1")" | tr -d ' '
    )
  fi
  [ -n "$node" ] || {
    tell "nothing says which node has the volumes of $1" 'scripts/deploy.sh'
    return 1
  }
  printf %s "$node"
}

# hold SERVICE: sets `container` to one that only waits, with the service's image, user and volumes, and none of its
# variables; fails where there is none. It is on the node that has the volumes.
# What is run in there by `docker exec` is not logged; the output of the container itself would be, databases and all.
hold() {
  local name node image user mounts options=() kind is_read_only source target
  name=$(name_of "$1")
  is_there "$1" || {
    tell "the Swarm has no service $name" 'scripts/deploy.sh'
    return 1
  }
  node=$(node_of "$1") && find_node "$node" "$1" || return
  at_container "$context/"
  image=$(docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}' "$name") &&
    user=$(docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.User}}' "$name") &&
    mounts=$(docker service inspect --format \
      '{{range .Spec.TaskTemplate.ContainerSpec.Mounts}}{{.Type}}|{{.ReadOnly}}|{{.Source}}|{{.Target}}{{"\n"}}{{end}}' "$name") ||
    return
  while IFS='|' read -r kind is_read_only source target; do
    case $kind in
    volume)
      "${docker_at[@]}" volume inspect "$source" >/dev/null 2>&1 || {
        tell "the volume $source of $(service_of "$1") is not on its node" 'scripts/deploy.sh'
        return 1
      }
      options+=(--mount "type=volume,source=$source,target=$target")
      [ "$is_read_only" != true ] || options[${#options[@]} - 1]+=,readonly
      ;;
    tmpfs) options+=(--mount "type=tmpfs,target=$target") ;;
    *) ;;
    esac
  done <<<"$mounts"
  [ -z "$user" ] || options+=(--user "$user")
  container=$(
    "${docker_at[@]}" run --detach --rm --pull never --network none --security-opt no-new-privileges \
      --label "com.docker.stack.namespace=$project" --label "codelab-gen.started-by=$mark" --entrypoint /bin/sh \
      ${options[@]+"${options[@]}"} "$image" -c 'exec sleep 86400' </dev/null
  ) || {
    tell "the image of $(service_of "$1") does not start: expected one with a shell"
    return 1
  }
  container=$context/${container##*$'\n'}
  held+=("$container")
}

let_go() {
  local line
  for line in ${held[@]+"${held[@]}"}; do
    at_container "$line"
    "${docker_at[@]}" rm --force --volumes "$docker_id" >/dev/null 2>&1 || true
  done
  held=()
}

# open_server: from here on in_server reaches the server.
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
  [ -n "$container" ] || {
    tell "no task of ${project}_postgres runs" "docker service ps --no-trunc ${project}_postgres" 'scripts/deploy.sh'
    return 1
  }
  server_container=$container
}

close_server() {
  :
}

# align_server: the roles and databases are as the profile and the secrets say: the job that does it at every deployment
# runs once more. Where those of one service can't be, this is told, and stops nobody else.
align_server() {
  [ "$server" = container ] && is_there postgres-ensure || return 0
  local name=${project}_postgres-ensure before now state='' deadline=$((SECONDS + 120))
  before=$(docker service ps --quiet --no-trunc "$name") || before=
  docker service update --detach --force "$name" >/dev/null 2>&1 || state=failed
  while [ -z "$state" ] && [ "$SECONDS" -le "$deadline" ]; do
    for now in $(docker service ps --quiet --no-trunc "$name"); do
      [[ $before != *"$now"* ]] || continue
      state=$(docker inspect --type task --format '{{.Status.State}}' "$now" 2>/dev/null) || state=
      case $state in
      complete) return 0 ;;
      failed | rejected) ;;
      *) state= ;;
      esac
    done
    sleep 0.5
  done
  tell 'the roles and databases could not be brought in line' "docker service logs $name"
}
