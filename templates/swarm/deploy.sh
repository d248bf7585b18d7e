set -euo pipefail
set +x # with `bash -x` a password could be printed
umask 077

usage() {
  cat <<'TEXT'
scripts/deploy.sh [OPTION]...

Deploys stack.yml to the Swarm that `docker` talks to, and waits until all of it runs.

  --context NAME     the Swarm of this docker context
  --pin NODE         this node has every volume that no node has yet
  --prune            removes services that left the profile; their volumes stay
  --timeout SECONDS  how long the services of each step may take; 300 without it
  --help             this text

What .env says is read, and never run; a variable of the environment counts before it.
TEXT
}

say() {
  printf 'deploy: %s\n' "$1" >&2
}

# die MESSAGE [HELP]...
die() {
  say "$1"
  local help
  for help in "${@:2}"; do
    printf '  help: %s\n' "$help" >&2
  done
  exit 1
}

# shown: what a program has said, without what steers a terminal.
shown() {
  LC_ALL=C tr '\011' ' ' | LC_ALL=C tr -c '\012\040-\176' '?' | tail -n 20 | cut -c 1-500 | sed 's/^/  | /' >&2
}

misused() {
  say "$1"
  printf '  help: scripts/deploy.sh --help\n' >&2
  exit 2
}

pin=
prune=
timeout=300
while [ $# -gt 0 ]; do
  case $1 in
  --help | -h)
    usage
    exit 0
    ;;
  --prune) prune=yes ;;
  --context | --pin | --timeout)
    [ $# -gt 1 ] && [ -n "$2" ] || misused "$1 wants a value"
    case $1 in
    --context)
      export DOCKER_CONTEXT=$2
      unset DOCKER_HOST # it would count before the context
      ;;
    --pin) pin=$2 ;;
    *) timeout=$2 ;;
    esac
    shift
    ;;
  *) misused "there is no option $1" ;;
  esac
  shift
done
case $timeout in
'' | *[!0-9]*) misused "--timeout wants a number of seconds" ;;
*) ;;
esac

CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

# checksum: the first part of a hash of standard input. It tells whether two contents differ, and too little to guess one by.
checksum() {
  local sum
  if command -v sha256sum >/dev/null; then
    sum=$(sha256sum)
  else
    sum=$(shasum -a 256)
  fi
  printf %s "${sum:0:8}"
}

# Of .env: names, and beside each one its value.
names=()
values=()

# find_value NAME: sets `value`; fails where neither the environment nor .env has it.
find_value() {
  local index=0 name
  if value=$(printenv "$1" && printf .); then
    value=${value%$'\n'.}
    return
  fi
  value=
  for name in ${names[@]+"${names[@]}"}; do
    if [ "$name" = "$1" ]; then
      value=${values[index]}
      return
    fi
    index=$((index + 1))
  done
  return 1
}

# fill quoted|bare TEXT: sets `filled` to the text, where references hold what they name; in quotes a backslash escapes.
fill() {
  local rest=$2 name
  filled=
  while [ -n "$rest" ]; do
    case $1:$rest in
    quoted:'\n'*) filled+=$'\n' rest=${rest:2} ;;
    quoted:'\'?*) filled+=${rest:1:1} rest=${rest:2} ;;
    *:'$'[A-Za-z_]*)
      name=${rest:1}
      name=${name%%[!A-Za-z_0-9]*}
      rest=${rest:${#name}+1}
      find_value "$name" || true
      filled+=$value
      ;;
    *:'${'*'}'*)
      name=${rest:2}
      name=${name%%\}*}
      rest=${rest#*\}}
      [[ $name =~ ^[A-Za-z_][A-Za-z_0-9]*$ ]] ||
        die "a line of .env has a reference that is more than a name" "write the value itself, in single quotes"
      find_value "$name" || true
      filled+=$value
      ;;
    *) filled+=${rest:0:1} rest=${rest:1} ;;
    esac
  done
}

# more_of: the next line of .env, where a value in quotes goes on.
more_of() {
  local line
  IFS= read -r line || die "a value in .env has no closing quote" "the line that begins it: $1="
  value+=$'\n'$line
}

# read_dotenv: all that .env says. Nothing of it is run.
read_dotenv() {
  local line name closing='^([^"\\]|\\.)*"' key='^[A-Za-z_][A-Za-z_0-9]*$'
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%$'\r'}
    line=${line#"${line%%[![:space:]]*}"}
    line=${line#export }
    name=${line%%=*}
    [[ $line == *=* && $name =~ $key ]] || continue
    value=${line#*=}
    case $value in
    \'*)
      value=${value#\'}
      while [[ $value != *\'* ]]; do more_of "$name"; done
      filled=${value%%\'*}
      ;;
    \"*)
      value=${value#\"}
      while ! [[ $value =~ $closing ]]; do more_of "$name"; done
      fill quoted "${BASH_REMATCH[0]%\"}"
      ;;
    *)
      value=${value%%[[:space:]]#*}
      fill bare "${value%"${value##*[![:space:]]}"}"
      ;;
    esac
    names+=("$name")
    values+=("$filled")
  done <.env
}

[ ! -f .env ] || read_dotenv

case $(docker info --format '{{.Swarm.ControlAvailable}}' 2>&1) in
true) ;;
false) die "this docker is no manager of a Swarm" "docker swarm init, or name the context of a manager: --context NAME" ;;
*) die "docker does not answer: $(docker info --format '{{.ServerVersion}}' 2>&1 | tr '\n' ' ')" ;;
esac

# The node that has a volume carries its label. Where it can start nothing, what needs the volume can start nowhere, and a
# change would wait for it.
place_volumes() {
  local label node is takes has found state takes_tasks
  local -a nodes
  read -r -d '' -a nodes < <(docker node ls --quiet) || true
  for label in ${labels[@]+"${labels[@]}"}; do
    found=()
    while read -r node is takes has; do
      [ "$has" != true ] || found+=("$node") state=$is takes_tasks=$takes
    done < <(docker node inspect --format \
      "{{.Description.Hostname}} {{.Status.State}} {{.Spec.Availability}} {{index .Spec.Labels \"$label\"}}" "${nodes[@]}")
    case ${#found[@]} in
    1)
      [ "$state" = ready ] || die "the node ${found[0]}, which has the label $label, is $state: nothing was changed" \
        "bring it back first; what has no volume goes on meanwhile, on other nodes"
      [ "$takes_tasks" = active ] ||
        die "the node ${found[0]}, which has the label $label, takes no tasks ($takes_tasks): nothing was changed" \
          "docker node update --availability active ${found[0]}"
      ;;
    0)
      [ -n "$pin" ] || die "no node has the label $label, so that nothing could start that needs this volume" \
        "choose the node that has the volume: docker node update --label-add $label=true NODE" \
        "or let one node have all that none has yet: scripts/deploy.sh --pin NODE"
      docker node update --label-add "$label=true" "$pin" >/dev/null || die "the node $pin could not be given the label $label"
      say "$pin has $label"
      ;;
    *)
      die "several nodes have the label $label, and each would have a volume of its own: ${found[*]}" \
        "take it from all but that which has the data: docker node update --label-rm $label NODE"
      ;;
    esac
  done
}
place_volumes

# What stack.yml reads, beside what .env says.
made=()

# name_secrets: a secret can't be changed, so that a new value is a new secret.
name_secrets() {
  local key base variable real
  set -- ${secrets[@]+"${secrets[@]}"}
  while [ $# -gt 0 ]; do
    key=$1 base=$2 variable=$3
    shift 3
    find_value "$key" && [ -n "$value" ] || die "$key is neither in the environment nor in .env" "run codelab-gen to write .env"
    real=${base}_$(printf '%s\0%s' "$key" "$value" | checksum)
    if ! docker secret inspect "$real" >/dev/null 2>&1; then
      printf %s "$value" | docker secret create --label "com.docker.stack.namespace=$stack" --label "codelab-gen.stack=$stack" \
        "$real" - >/dev/null || die "the secret $real could not be made"
      say "made the secret $real"
    fi
    made+=("$variable" "$real")
  done
}
name_secrets

# name_configs: the same of files.
name_configs() {
  local file base variable
  set -- ${configs[@]+"${configs[@]}"}
  while [ $# -gt 0 ]; do
    file=$1 base=$2 variable=$3
    shift 3
    [ -f "$file" ] || die "$file, which comes along as a config, is no file"
    [ "$(wc -c <"$file")" -le 512000 ] || die "$file is larger than a config may be, which is 500 KB" \
      "put it into the image, or into a volume"
    made+=("$variable" "${base}_$(checksum <"$file")")
  done
}
name_configs

# with_values COMMAND...: with all that stack.yml reads in its environment.
with_values() (
  set -- "$#" "$@" ${made[@]+"${made[@]}"}
  words=("${@:2:$1}")
  shift "$(($1 + 1))"
  while [ $# -gt 0 ]; do
    export "$1=$2"
    shift 2
  done
  for name in ${variables[@]+"${variables[@]}"}; do
    ! find_value "$name" || export "$name=$value"
  done
  "${words[@]}"
)

# part SERVICE...: stack.yml with these services only.
part() {
  awk -v wanted=" $* " '
    /^[^ #]/ { inside = /^services:/; keep = 1 }
    inside && /^  [^ #]/ {
      name = $1
      gsub(/[":\047]/, "", name)
      keep = index(wanted, " " name " ")
    }
    keep || !inside
  ' stack.yml
}

# What this run found of each service of a wave: its name, what its tasks were made of, when its last change began, and the
# tasks that it had; and since when it waits.
found=() since=0

# remember SERVICE...
remember() {
  local name template began tasks
  found=() since=$SECONDS
  for name in "$@"; do
    template=$(docker service inspect --format '{{json .Spec.TaskTemplate}}' "${stack}_$name" 2>/dev/null) || template=
    began=$(docker service inspect --format '{{with .UpdateStatus}}{{.StartedAt}}{{end}}' "${stack}_$name" 2>/dev/null) || began=
    tasks=$(docker service ps --no-trunc --quiet "${stack}_$name" 2>/dev/null | tr '\n' ' ') || tasks=
    found+=("$name" "$template" "$began" " $tasks")
  done
}

# Old versions of `docker stack deploy`, such as 20.10, know no jobs: there one is a service whose task is not started again
# once it has ended well, and runs anew because its label says another `run`.
jobs='cat'

# as_services: standard input without jobs.
as_services() {
  sed '/^      mode: replicated-job$/d'
}

# tell_docker: standard input is what `docker stack deploy` said. What it says of every image that is on no registry is
# said in a line.
tell_docker() {
  local line
  while IFS= read -r line; do
    case $line in
    'image '*' could not be accessed on a registry'*)
      line=${line#image }
      say "no registry answers for ${line%% *}: each node takes the one that it has"
      ;;
    'Creating '* | 'Updating '*) say "$line" ;;
    '' | 'its digest. Each node will'* | 'possibly leading to'* | 'versions of the image.'*) ;;
    'Since --detach=false was not'* | 'In a future release, --detach=false'*) ;;
    *) printf '%s\n' "$line" | shown ;;
    esac
  done
}

# deploy SERVICE...: a Swarm that is changing a service itself refuses a change at the same moment.
deploy() {
  local try said
  remember "$@"
  for try in 1 2 3; do
    if said=$(part "$@" | "$jobs" | with_values docker stack deploy --with-registry-auth --compose-file - "$stack" 2>&1); then
      tell_docker <<<"$said"
      return
    fi
    case $said in
    *'out of sequence'*) sleep "$try" ;;
    *'Unknown mode: replicated-job'*) jobs=as_services made+=(run "$(date +%s)-$$") ;;
    *) break ;;
    esac
  done
  printf '%s\n' "$said" | shown
  die "docker does not take the services $*"
}

# What a service is asked for, in one line: its kind, how many tasks, how often a job was begun, and its last change.
asked='{{if .Spec.Mode.ReplicatedJob}}job {{.Spec.Mode.ReplicatedJob.TotalCompletions}}{{else}}'
asked+='{{if index .Spec.TaskTemplate.ContainerSpec.Labels "codelab-gen.run"}}once{{else}}always{{end}} '
asked+='{{.Spec.Mode.Replicated.Replicas}}{{end}}'
asked+=' {{with .JobStatus}}{{.JobIteration.Index}}{{else}}-{{end}}'
asked+=' {{with .UpdateStatus}}{{.State}} {{.StartedAt}}{{else}}- {{end}}'

# look SERVICE: sets `state` to settled, waiting or failed, and `why`.
look() {
  local name=${stack}_$1 kind wanted iteration update began before='' begun='' had=''
  state=waiting why=
  set -- "$1" ${found[@]+"${found[@]}"}
  while [ $# -gt 1 ]; do
    [ "$1" != "$2" ] || before=$3 begun=$4 had=$5
    set -- "$1" "${@:6}"
  done
  read -r kind wanted iteration update began < <(docker service inspect --format "$asked" "$name" 2>/dev/null) || return 0
  if [ "$kind" = always ]; then
    case $update in
    updating | rollback_started) return ;;
    *) ;;
    esac
    if [ "$began" = "$begun" ]; then
      # A change begins a moment after it was taken, or not at all where no task has to be another.
      [ -z "$before" ] || [ "$((SECONDS - since))" -ge 10 ] ||
        [ "$(docker service inspect --format '{{json .Spec.TaskTemplate}}' "$name" 2>/dev/null)" = "$before" ] || return 0
    else
      case $update in
      rollback_completed) state=failed why='its new version does not come up; it runs as before' ;;
      rollback_paused | paused) state=failed why="its new version does not come up ($update)" ;;
      *) ;;
      esac
      [ "$state" != failed ] || return 0
    fi
  fi
  count_tasks
}

# count_tasks: by the variables of `look`.
count_tasks() {
  local tasks task desired is of count=0 failed=0
  read -r -d '' -a tasks < <(docker service ps --no-trunc --quiet "$name" 2>/dev/null) || true
  [ "${#tasks[@]}" != 0 ] || [ "$wanted" = 0 ] || return 0
  while read -r task desired is of; do
    case $kind:$is:$desired in
    job:complete:*) [ "$of" != "$iteration" ] || count=$((count + 1)) ;;
    once:complete:*) [[ $had == *" $task "* ]] || count=$((count + 1)) ;;
    always:running:running) count=$((count + 1)) ;;
    *:failed:* | *:rejected:*) [[ $had == *" $task "* ]] || failed=$((failed + 1)) ;;
    *) ;;
    esac
  done < <(
    [ "${#tasks[@]}" = 0 ] || docker inspect --type task \
      --format '{{.ID}} {{.DesiredState}} {{.Status.State}} {{with .JobIteration}}{{.Index}}{{else}}-{{end}}' \
      "${tasks[@]}" 2>/dev/null
  )
  if [ "$count" -ge "$wanted" ]; then
    state=settled
  elif [ "$failed" -ge 3 ]; then
    state=failed why="it has failed $failed times"
  fi
}

# words_of SERVICE: what Swarm says of its newest task that failed, or does not run yet, and what that printed.
words_of() {
  local task is error newest='' why='' pid deadline
  while read -r task; do
    read -r is error < <(docker inspect --type task --format '{{.Status.State}} {{.Status.Err}}' "$task" 2>/dev/null) || continue
    case $is in
    failed | rejected)
      newest=$task why=$error
      break
      ;;
    running | complete | shutdown | remove | orphaned) ;;
    *) [ -n "$why" ] || why=${error:-a task of it is $is} ;;
    esac
  done < <(docker service ps --no-trunc --quiet "${stack}_$1")
  [ -z "$why" ] || printf '%s\n' "$why" | shown
  [ -n "$newest" ] || return 0
  docker service logs --raw --tail 20 "$newest" 2>&1 </dev/null | shown &
  pid=$! deadline=$((SECONDS + 10))
  while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.2; done
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

# settle SERVICE...: waits until all of them run, or have ended well.
settle() {
  local deadline=$((SECONDS + timeout)) service left=("$@") waiting
  while [ "${#left[@]}" -gt 0 ]; do
    waiting=()
    for service in "${left[@]}"; do
      look "$service"
      case $state in
      settled) say "$service is in line" ;;
      failed)
        say "$service failed: $why"
        words_of "$service"
        die "nothing was deployed that waits for it" "docker service ps --no-trunc ${stack}_$service"
        ;;
      *) waiting+=("$service") ;;
      esac
    done
    left=(${waiting[@]+"${waiting[@]}"})
    [ "${#left[@]}" -gt 0 ] || return 0
    if [ "$SECONDS" -ge "$deadline" ]; then
      for service in "${left[@]}"; do
        say "$service does not run after $timeout seconds"
        words_of "$service"
      done
      die "it may come up yet: Swarm goes on trying" "docker service ps --no-trunc ${stack}_${left[0]}"
    fi
    sleep 1
  done
}

for wave in "${waves[@]}"; do
  read -r -a services <<<"$wave"
  deploy "${services[@]}"
  settle "${services[@]}"
done

# tell_left: the services of ours that run, and are in stack.yml no more.
tell_left() {
  local name
  while read -r name; do
    case " ${waves[*]} " in
    *" ${name#"${stack}_"} "*) continue ;;
    *) ;;
    esac
    if [ -n "$prune" ]; then
      docker service rm "$name" >/dev/null
      say "removed $name"
    else
      say "$name runs, and is not in stack.yml any more"
      printf '  help: docker service rm %s, or scripts/deploy.sh --prune; its volumes stay\n' "$name" >&2
    fi
  done < <(docker service ls --filter "label=codelab-gen.stack=$stack" --format '{{.Name}}')
}
tell_left

# sweep: removes our secrets and configs, but for what a service uses, or used before its last change: `docker service
# rollback` needs those.
sweep() {
  local kind id used services
  read -r -d '' -a services < <(docker service ls --quiet) || true
  used=" $(
    docker service inspect --format '{{range .Spec.TaskTemplate.ContainerSpec.Secrets}}{{.SecretID}} {{end}}{{range .Spec.TaskTemplate.ContainerSpec.Configs}}{{.ConfigID}} {{end}}{{with .PreviousSpec}}{{range .TaskTemplate.ContainerSpec.Secrets}}{{.SecretID}} {{end}}{{range .TaskTemplate.ContainerSpec.Configs}}{{.ConfigID}} {{end}}{{end}}' "${services[@]}" | tr '\n' ' '
  ) " || return 0
  for kind in secret config; do
    while read -r id; do
      case $used in
      *" $id "*) ;;
      *) docker "$kind" rm "$id" >/dev/null 2>&1 || true ;;
      esac
    done < <(docker "$kind" ls --quiet --filter "label=codelab-gen.stack=$stack")
  done
}
sweep
say "all of $stack runs"
