# find_project: which cluster and namespace is meant, kubectl alone says; it is told before anything is done there. A
# script that another one has started goes where that one goes.
find_project() {
  command -v kubectl >/dev/null || die 'kubectl is not there'
  context=${CODELAB_GEN_CONTEXT:-} namespace=${CODELAB_GEN_NAMESPACE:-}
  if [ -z "$context" ]; then
    context=$(kubectl config current-context 2>/dev/null) ||
      die 'kubectl has no current context' 'kubectl config use-context NAME'
    namespace=$(kubectl config view --minify --output 'jsonpath={.contexts[0].context.namespace}') ||
      die 'kubectl tells no namespace'
    namespace=${namespace:-default}
    say "context $context, namespace $namespace"
    export CODELAB_GEN_CONTEXT=$context CODELAB_GEN_NAMESPACE=$namespace
  fi
  # The same for the whole run, whatever is current meanwhile.
  kube=(kubectl --context "$context" --namespace "$namespace")
  local template='{{range .items}}{{.metadata.name}} {{index .metadata.annotations "codelab-gen/started-by"}}{{"\n"}}{{end}}'
  local pods pod of
  pods=$("${kube[@]}" get pods --selector "$ours" --output "go-template=$template") ||
    die "the cluster does not tell which pods are in $namespace"
  while read -r pod of; do
    if [ -n "$of" ] && has_ended "$of"; then
      "${kube[@]}" delete pod "$pod" --wait=false >/dev/null 2>&1 || true
    fi
  done <<<"$pods"
}

# The label of pods that our scripts start.
ours=app.kubernetes.io/managed-by=codelab-gen-scripts

# labels_of SERVICE: by which its objects are found.
labels_of() {
  printf 'app.kubernetes.io/name=%s,app.kubernetes.io/part-of=%s' "$(service_of "$1")" "$project"
}

# find_pod LABELS CONTAINER: sets `container` to a pod in which the container runs, with its name, or to nothing.
find_pod() {
  # shellcheck disable=SC2016 # a template of kubectl
  local template='{{range .items}}{{if not .metadata.deletionTimestamp}}{{$pod := .metadata.name}}'
  # shellcheck disable=SC2016 # a template of kubectl
  template+='{{range .status.containerStatuses}}{{if eq .name "'$2'"}}{{if .state.running}}{{$pod}}{{"\n"}}{{end}}{{end}}'
  template+='{{end}}{{end}}{{end}}'
  container=$("${kube[@]}" get pods --selector "$1" --output "go-template=$template") ||
    die "the cluster does not tell what runs of $2"
  container=${container%%$'\n'*}
  container=${container:+$container/$2}
}

find_running() {
  find_pod "$(labels_of "$1")" "$(service_of "$1")"
}

# find_started SERVICE: sets `started` to the Deployment whose pods could write, and how many it wants.
find_started() {
  local template='{{range .items}}{{.metadata.name}} {{.spec.replicas}}{{"\n"}}{{end}}' found name replicas pods
  started=()
  found=$("${kube[@]}" get deployments --selector "$(labels_of "$1")" --output "go-template=$template") ||
    die "the cluster does not tell what runs of $1"
  while read -r name replicas; do
    [ -z "$name" ] || [ "$replicas" = 0 ] || started+=("deployment/$name $replicas")
  done <<<"$found"
  if [ "${#started[@]}" = 0 ]; then
    pods=$(active_pods "$1") || die "the cluster does not tell what runs of $1"
    [ -z "$pods" ] || die "a pod of $1 runs, and nothing says how to stop it: ${pods//$'\n'/ }" 'wait until it has ended'
  fi
}

# active_pods SERVICE: its pods that have not ended.
active_pods() {
  "${kube[@]}" get pods --selector "$(labels_of "$1")" --output name \
    --field-selector 'status.phase!=Succeeded,status.phase!=Failed'
}

# stop DEPLOYMENT-AND-REPLICAS...: and waits until their pods have ended.
stop() {
  local line name pods deadline
  for line in "$@"; do
    stopped+=("$line")
    "${kube[@]}" scale "${line% *}" --replicas 0 >/dev/null || return
  done
  for line in "$@"; do
    name=${line% *} deadline=$((SECONDS + 600))
    while pods=$(active_pods "${name#*/}") && [ -n "$pods" ]; do
      [ "$SECONDS" -le "$deadline" ] || {
        tell "the pods of ${name#*/} do not end: ${pods//$'\n'/ }"
        return 1
      }
      sleep 0.5
    done
  done
}

# start_stopped: as many pods as there were.
start_stopped() {
  local line
  for line in ${stopped[@]+"${stopped[@]}"}; do
    "${kube[@]}" scale "${line% *}" --replicas "${line##* }" >/dev/null || true
  done
}

# start_again SERVICE...: what was stopped for this run, with the data of now; and waits until it works.
start_again() {
  local line again=(${stopped[@]+"${stopped[@]}"})
  start_stopped
  stopped=()
  for line in ${again[@]+"${again[@]}"}; do
    "${kube[@]}" rollout status "${line% *}" --timeout 10m >/dev/null || return
  done
}

run_beside() {
  printf 'kubectl --namespace %s exec deployment/%s --' "$namespace" "$(service_of "$1")"
}

starts_all='kubectl scale deployment SERVICE --replicas 1'
shows_logs='kubectl get pods, then kubectl logs, of'

# start_pod CONTAINER SPEC: sets `container` to a pod of this run, which ends by itself should nobody remove it. Its labels are no
# service's, so that nobody sends anything to it.
start_pod() {
  local labels
  labels=$(printf '"%s":"%s"' "${ours%=*}" "${ours#*=}")
  container=$(
    printf '{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"codelab-gen-","labels":{%s},
      "annotations":{"codelab-gen/started-by":"%s"}},"spec":{"restartPolicy":"Never","activeDeadlineSeconds":86400,
      "automountServiceAccountToken":false,"enableServiceLinks":false,"terminationGracePeriodSeconds":0,%s}}' \
      "$labels" "$mark" "$2" | "${kube[@]}" create --filename - --output 'jsonpath={.metadata.name}'
  ) || return
  held+=("$container")
  container=$container/$1
  "${kube[@]}" wait --for condition=Ready "pod/${container%/*}" --timeout 120s >/dev/null 2>&1 || {
    "${kube[@]}" get pod "${container%/*}" --output \
      'jsonpath={.status.conditions[*].message} {.status.containerStatuses[*].state.waiting.message}' | tell_errors
    return 1
  }
}

let_go() {
  [ "${#held[@]}" = 0 ] || "${kube[@]}" delete pod "${held[@]}" --wait=false >/dev/null 2>&1 || true
  held=()
}

# hold SERVICE: sets `container` to a pod that only waits, with the service's image, user and volumes, and none of its
# variables; fails where there is none. A volume may be one node's: so it is where the service runs.
hold() {
  local node='' part of parts=() none='{}'
  set -- "$(service_of "$1")"
  of=$("${kube[@]}" get deployments --selector "$(labels_of "$1")" --output name) && [ -n "$of" ] || {
    tell "there is no deployment of $1 in $namespace" 'kubectl apply -k kubernetes'
    return 1
  }
  find_running "$1"
  [ -z "$container" ] || node=$("${kube[@]}" get pod "${container%/*}" --output 'jsonpath={.spec.nodeName}') || return
  for part in '.securityContext' '.imagePullSecrets' '.volumes' \
    '.containers[?(@.name=="'"$1"'")].image' '.containers[?(@.name=="'"$1"'")].volumeMounts' \
    '.containers[?(@.name=="'"$1"'")].securityContext' '.containers[?(@.name=="'"$1"'")].resources'; do
    parts+=("$("${kube[@]}" get "$of" --output "jsonpath={.spec.template.spec$part}")") || return
  done
  start_pod "$1" "${node:+\"nodeName\":\"$node\",}\"securityContext\":${parts[0]:-$none},
    \"imagePullSecrets\":${parts[1]:-[]},\"volumes\":${parts[2]:-[]},\"containers\":[{\"name\":\"$1\",
    \"image\":\"${parts[3]}\",\"command\":[\"/bin/sh\",\"-c\",\"exec sleep 86400\"],\"volumeMounts\":${parts[4]:-[]},
    \"securityContext\":${parts[5]:-$none},\"resources\":${parts[6]:-$none}}]" || {
    tell "no pod starts with the image of $1: expected one with a shell, and a volume that can be mounted beside"
    return 1
  }
}

# without_status: what kubectl says without what it says of every command that fails.
without_status() {
  sed '/^command terminated with exit code [0-9]*$/d'
}

# need_python SERVICE: the running or held pod in `container` has what sqlite.py needs.
need_python() {
  # shellcheck disable=SC2016 # for the container's shell
  within "$patience" "${kube[@]}" exec "${container%/*}" --container "$(service_of "$1")" -- \
    sh -c "$find_python"' && exec "$p" -I -c "import sqlite3"' >/dev/null 2>&1 || {
    tell "the image of $(service_of "$1") has no Python with sqlite3, which reads its database, or its pod does not answer"
    return 1
  }
}

# What is run in a pod comes on its standard input, before what else comes there: who asks the cluster for a program has
# its arguments in the cluster's audit log, secrets and all.
# shellcheck disable=SC2016 # for the pod's shell
load_script='IFS= read -r -d "" script && eval "$script"'
load_python='import os, sys
text = b""
while (byte := os.read(0, 1)) != b"\0":
    text += byte or sys.exit(1)
exec(compile(text, "sqlite.py", "exec"))'

# as_service POD COMMAND FILE [ARGUMENT]...: sqlite.py in a service's pod and as its user, in the place of this shell.
as_service() {
  exec 5<&0
  # shellcheck disable=SC2016 # for the container's shell
  exec "${kube[@]}" exec --stdin "${1%/*}" --container "${1#*/}" -- \
    sh -c "$find_python"' && exec "$p" -I -c "$@"' sh "$load_python" "${@:2}" \
    < <(cat -- "$scripts/sqlite.py" && printf '\0' && exec cat <&5 2>/dev/null) 5<&- 2> >(without_status >&2)
}

# open_server: from here on in_server reaches the server.
open_server() {
  case $server in
  none) die 'no service of this deployment uses PostgreSQL' ;;
  external) start_client ;;
  operated) find_pod cnpg.io/cluster=postgres,cnpg.io/instanceRole=primary postgres ;;
  *) find_running postgres ;;
  esac || return
  [ -n "$container" ] || {
    tell "no pod of the server runs in $namespace" 'kubectl get pods'
    return 1
  }
  server_container=$container
}

close_server() {
  :
}

# start_client: a pod with the programs of PostgreSQL, and with the certificates that verify the server.
start_client() {
  local ca='' mount='' pulls='' name
  [ -n "$server_image" ] || {
    tell "the server $server_host is reached by the programs of an image, and the profile names none" \
      'write postgres: { image: "postgres:17" } or whatever major version the server has, and run codelab-gen'
    return 1
  }
  local certificates=${server_certificates:-${PGSSLROOTCERT:-/etc/ssl/certs/ca-certificates.crt}}
  if [ "$server_tls" = verify-full ] && [ -z "$server_ca_secret" ]; then
    [ -f "$certificates" ] || die "$certificates, by which the server's certificate is verified, is not there" \
      'set PGSSLROOTCERT to the file with the certificates that you trust'
  fi
  if [ -n "$server_ca_secret" ]; then
    ca=",{\"name\":\"ca\",\"secret\":{\"secretName\":\"$server_ca_secret\"}}"
    mount=',{"name":"ca","mountPath":"/ca"}'
  fi
  for name in ${pull_secrets[@]+"${pull_secrets[@]}"}; do
    pulls+="${pulls:+,}{\"name\":\"$name\"}"
  done
  start_pod postgres "\"securityContext\":{\"runAsNonRoot\":true,\"runAsUser\":65532,\"runAsGroup\":65532,
    \"seccompProfile\":{\"type\":\"RuntimeDefault\"}},\"imagePullSecrets\":[$pulls],
    \"volumes\":[{\"name\":\"tmp\",\"emptyDir\":{}}$ca],\"containers\":[{\"name\":\"postgres\",
    \"image\":\"$server_image\",\"command\":[\"/bin/sh\",\"-c\",\"exec sleep 86400\"],
    \"env\":[{\"name\":\"HOME\",\"value\":\"/tmp\"}],
    \"volumeMounts\":[{\"name\":\"tmp\",\"mountPath\":\"/tmp\"}$mount],
    \"securityContext\":{\"allowPrivilegeEscalation\":false,\"readOnlyRootFilesystem\":true,
    \"capabilities\":{\"drop\":[\"ALL\"]}}}]" || {
    tell "no pod starts with the image $server_image"
    return 1
  }
  if [ "$server_tls" = verify-full ] && [ -z "$ca" ]; then
    "${kube[@]}" exec --stdin "${container%/*}" --container postgres -- sh -c 'cat >/tmp/ca.crt' <"$certificates"
  fi
}

# script_for SERVICE FUNCTION ARGUMENT...: postgres.sh with all that it is called with.
script_for() {
  local ROLES=${ROLES:-} FOUND=${FOUND:-} PASSWORD=${PASSWORD:-} DATABASE=${DATABASE:-}
  case $2 in
  open | load_as | reindex_as) [ -n "$PASSWORD" ] || PASSWORD=$(password_of "$1") || return ;;
  *) ;;
  esac
  printf 'export ROLES=%q FOUND=%q PASSWORD=%q DATABASE=%q\n' "$ROLES" "$FOUND" "$PASSWORD" "$DATABASE"
  case $server in
  operated) echo 'export POSTGRES_USER=postgres SOCKET_FOLDER=/controller/run' ;;
  external)
    set_login "$1" || return
    printf 'export PGPASSWORD=%q PGUSER=%q PGHOST=%q PGPORT=%q PGSSLMODE=%q\n' \
      "$PGPASSWORD" "$PGUSER" "$PGHOST" "$PGPORT" "$PGSSLMODE"
    if [ "$server_tls" != verify-full ]; then
      :
    elif [ -n "$server_ca_secret" ]; then
      echo 'export PGSSLROOTCERT=/ca/ca.crt'
    else
      echo 'export PGSSLROOTCERT=/tmp/ca.crt'
    fi
    ;;
  *) ;;
  esac
  printf 'set --'
  printf ' %q' "${@:2}"
  echo
  cat -- "$scripts/postgres.sh"
}

# as_server SERVICE FUNCTION ARGUMENT...: postgres.sh beside the server's programs, in the place of this shell. As the
# server's superuser; on an external server as the service's role.
as_server() {
  local script
  script=$(script_for "$@") || exit
  exec 5<&0
  exec "${kube[@]}" exec --stdin "${server_container%/*}" --container postgres -- \
    bash -c "$load_script" postgres.sh \
    < <(printf '%s\0' "$script" && exec cat <&5 2>/dev/null) 5<&- 2> >(without_status >&2)
}

# password_of SERVICE: from the environment, as the server's pod has it, or from the file that the Secret is made of.
password_of() {
  local name file
  name=$(password_variable_of "$1")
  file=kubernetes/secrets/$(printf %s "$name" | tr '[:upper:]' '[:lower:]')
  if [ -n "${!name:-}" ]; then
    printf %s "${!name}"
  elif [ "$server" = container ] && within "$patience" "${kube[@]}" exec "${server_container%/*}" --container ensure -- \
    cat "/run/secrets/postgres/$name" 2>/dev/null; then
    :
  elif [ -f "$file" ]; then
    cat -- "$file"
  else
    die "$name is neither in the environment nor in kubernetes/secrets"
  fi
}

# align_server: the roles and databases are as the profile and the Secrets say. Where those of one service can't be, this
# is told, and stops nobody else. An operator does that by itself.
align_server() {
  [ "$server" = container ] || return 0
  "${kube[@]}" exec "${server_container%/*}" --container ensure -- bash /init/init-postgres.sh </dev/null >/dev/null \
    2> >(without_status >&2) ||
    tell 'the roles and databases could not be brought in line' 'see the message of init-postgres above'
}

# open_psql SERVICE DATABASE [ARGUMENT]...: psql on a database of an external server, as the service's role.
open_psql() {
  enter "$1" psql --dbname "$2" "${@:3}"
}

# enter_server DATABASE FUNCTION [ARGUMENT]...: postgres.sh beside the server's programs, for who sits before the terminal.
enter_server() {
  local DATABASE=$1
  enter "${service:-}" "${@:2}"
}

# enter SERVICE FUNCTION [ARGUMENT]...: a terminal brings no script along: it is a file in the memory of the pod, which is
# gone when it has been read.
enter() {
  local script file
  if [ ! -t 0 ]; then
    (as_server "$@")
    return
  elif [ ! -t 1 ]; then
    (as_server "$@") </dev/null
    return
  fi
  script=$(script_for "$@") || exit
  # shellcheck disable=SC2016 # for the pod's shell
  file=$(
    printf 'rm -f -- "$0"\n%s\n' "$script" | "${kube[@]}" exec --stdin "${server_container%/*}" --container postgres -- \
      bash -c 'umask 077 && file=$(mktemp /dev/shm/codelab-gen.XXXXXX) && cat >"$file" && echo "$file"'
  ) || die 'the server takes no script'
  "${kube[@]}" exec --stdin --tty "${server_container%/*}" --container postgres -- bash "$file"
}
