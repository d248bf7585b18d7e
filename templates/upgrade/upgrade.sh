#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR disable=SC1091,SC2015,SC2034,SC2154 # reach.sh, followed only with -x, shares its variables
#
# Moves all that the server of a deployment holds to a new one on a volume of its own, or goes back to the volume of before.
# `codelab-gen upgrade` lays it down beside what it reads, and becomes it:
#
#   upgrade.sh to|back|start COMMAND...   COMMAND writes the files of the profile, where all is ready for them
#
# What is there is what tells how far an earlier run has come: the new volume has a label from the beginning, and at the
# end a mark with the place where its data ends. Nothing is ever written to the old volume, nor is it removed.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/reach.sh"

direction=$1
shift
# By the variables of codelab-gen: what the new server is, and where this script lies until its end.
major=$UPGRADE_MAJOR image=$UPGRADE_IMAGE volume_key=$UPGRADE_VOLUME old_key=$UPGRADE_OLD_VOLUME old_image=$UPGRADE_OLD_IMAGE
data_folder=$UPGRADE_DATA_FOLDER label=codelab-gen.upgrade-of helper=postgres-upgrade progress_of=
failure=5 # what the outside world says no to

body=$(<"$scripts/postgres.sh")
body=${body%$'\n"$@"'*}$'\n'$(<"$scripts/server.sh")$'\n"$@"'

# in_one CONTAINER FUNCTION [ARGUMENT]...: as in_server, in one of the two servers.
in_one() {
  {
    docker exec --interactive --env FOUND --env PASSWORD "$1" bash -c "$body" postgres.sh "${@:2}" 2>&1 >&4 4>&- |
      tell_errors 4>&-
  } 4>&1
}

export FOUND='' PASSWORD=''

in_old() { in_one "$old" "$@"; }
in_new() { in_one "$new" "$@"; }

# with_new ARGUMENT...: Compose, with the new server and nothing else beside what runs.
with_new() {
  COMPOSE_IGNORE_ORPHANS=1 docker compose --project-name "$project" --project-directory "$PWD" --file - "$@" \
    <"$scripts/docker-compose.yml"
}

old='' new='' since='' is_done=''

go_back() {
  stop_progress
  remove_helper || true
  if [ -z "$is_done" ] && [ "${#stopped[@]}" -gt 0 ]; then
    say "what was stopped is started again: the deployment is as it was"
  fi
}

end_work() {
  go_back
  [ -z "${CODELAB_GEN_WORK:-}" ] || rm -rf -- "$CODELAB_GEN_WORK"
}
at_the_end end_work

remove_helper() {
  local left
  [ -n "${project:-}" ] || return 0
  left=$(docker ps --all --quiet --filter "label=com.docker.compose.project=$project" \
    --filter "label=com.docker.compose.service=$helper") || return
  [ -z "$left" ] || printf '%s\n' "$left" | xargs docker rm --force --volumes >/dev/null
}

# is_there VOLUME
is_there() {
  docker volume inspect --format '{{.Name}}' -- "$1" >/dev/null 2>&1
}

# look_into VOLUME: which version its data is of, and whether a server has run on it since an upgrade has made it whole.
look_into() {
  # shellcheck disable=SC2016 # for the container's shell
  docker run --rm --network none --log-driver none --user 0 --entrypoint bash \
    --mount "type=volume,src=$1,dst=/upgrade,readonly,volume-nocopy" "$image" -c '
    export LC_ALL=C
    for data in /upgrade /upgrade/*/docker /upgrade/data; do
      [ -f "$data/PG_VERSION" ] || continue
      read -r version <"$data/PG_VERSION" && printf "version %s\n" "$version"
      [ -f "$data/codelab-gen-upgraded" ] || continue
      now=$(pg_controldata "$data" | grep -E "^(Database cluster state|Latest checkpoint location):")
      [ "$now" = "$(cat "$data/codelab-gen-upgraded")" ] || echo used
    done'
}

# mark_end: notes in the new volume, while nobody runs on it, where its data ends.
mark_end() {
  # shellcheck disable=SC2016 # for the container's shell
  docker run --rm --network none --log-driver none --user 0 --entrypoint bash --mount "type=volume,src=$new_volume,dst=/upgrade" \
    "$image" -c '
    export LC_ALL=C
    for data in /upgrade /upgrade/*/docker /upgrade/data; do
      [ -f "$data/PG_VERSION" ] || continue
      pg_controldata "$data" | grep -E "^(Database cluster state|Latest checkpoint location):" \
        >"$data/codelab-gen-upgraded" || exit
      sync
    done'
}

# name_of KEY: the name that Docker has for the volume of the new file.
name_of() {
  with_new config | KEY=$1 awk '/^[^ ]/ { inside = $0 == "volumes:" } inside && $0 == "  " ENVIRON["KEY"] ":" { mine = 1; next }
    inside && /^  [^ ]/ { mine = 0 } mine && $1 == "name:" { print $2; exit }' | tr -d "\"'"
}

bytes() {
  awk -v n="$1" 'BEGIN { split("bytes kB MB GB TB", unit); for (i = 1; n >= 1000 && i < 5; i++) n /= 1000
    printf(i == 1 ? "%d %s" : "%.1f %s", n, unit[i]) }'
}

# start_progress DATABASE BYTES: tells meanwhile how much of it is there, where somebody sits before it.
start_progress() {
  [ -t 2 ] || return 0
  (
    trap - EXIT
    started_at=$SECONDS
    while sleep 2; do
      there=$(in_new size "$1" </dev/null 2>/dev/null) || continue
      awk -v name="$1" -v there="${there:-0}" -v all="$2" -v s="$((SECONDS - started_at))" 'BEGIN {
        part = all > 0 ? there / all : 1; if (part > 0.99) part = 0.99
        left = part > 0.02 ? sprintf(", about %d s more", s / part - s) : ""
        bar = sprintf("%*s", int(part * 30), ""); gsub(/ /, "#", bar)
        printf "\r%s [%-30s] %2d %%%s    ", name, bar, part * 100, left }' >&2
    done
  ) &
  progress_of=$!
}

stop_progress() {
  [ -n "$progress_of" ] || return 0
  end "$progress_of"
  progress_of=
  printf '\r%70s\r' '' >&2
}

# everybody: sets `working` to the containers that use the server, or anything else of the deployment but the server.
everybody() {
  local id of
  working=()
  while read -r id of; do
    case $of in
    postgres | "$helper") ;;
    *) working+=("$id") ;;
    esac
  done < <(
    docker ps --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False \
      --filter status=running --filter status=restarting --filter status=paused \
      --format '{{.ID}} {{.Label "com.docker.compose.service"}}'
  )
}

stop_all() {
  everybody
  since=$SECONDS
  [ "${#working[@]}" = 0 ] || say "stopping ${#working[@]} containers; nothing is written from here on"
  stop ${working[@]+"${working[@]}"} || die 'what uses the server could not be stopped; nothing was changed'
}

# write_files COMMAND...: as the profile says, and starts all of it.
write_files() {
  (cd -- "$started_in" && "$@") || die 'the files could not be written; the old server and its data are as they were'
  is_done=yes stopped=()
  server_was_started=
  # Compose builds an image only where there is none, and this one stands on the server's.
  [ ! -f scripts/backups/Dockerfile ] || docker compose build --quiet postgres-backup </dev/null ||
    say 'the image of postgres-backup could not be built: docker compose build postgres-backup'
  docker compose up --detach --wait </dev/null ||
    die "the files are new, and not all of it starts" "see: docker compose ps --all; then: docker compose up -d --wait"
}

find_project
remove_helper
if [ "$direction" = start ]; then
  docker compose up --detach --wait </dev/null || die 'not all of it starts' 'see: docker compose ps --all'
  printf '%s\n' "PostgreSQL $major is in the files already, and runs"
  exit
fi
[ "$server" = container ] || die 'this deployment has no server in a container'
new_volume=$(name_of "$volume_key") || die 'docker compose does not accept the new file'
[ -n "$new_volume" ] || die "the new file has no volume $volume_key"

# password_for ROLE: for who has to give one inside of the container as well.
password_for() {
  local service
  for service in "${services[@]}"; do
    if [ "$(role_of "$service")" = "$1" ]; then
      password_of "$service" 2>/dev/null || true
      return
    fi
  done
}

back_up_first() {
  local backup chosen=() service
  [ -z "${UPGRADE_WITHOUT_BACKUP:-}" ] || return 0
  for service in "${services[@]}"; do
    [ "$(engine_of "$service")" != postgres ] || chosen+=("$service")
  done
  say 'making a backup'
  backup=$(bash scripts/db/backup.sh --safety "${chosen[@]}") ||
    die 'there is no backup; nothing was changed' 'without one: --without-backup; the old volume stays anyway'
  say "the backup is $backup"
}

if [ "$direction" = back ]; then
  is_there "$new_volume" || die "there is no volume $new_volume to go back to; nothing was changed"
  found=$(look_into "$new_volume") || die "the volume $new_volume can't be looked into; nothing was changed"
  case $'\n'$found$'\n' in
  *$'\n'"version $major"$'\n'*) ;;
  *) die "the volume $new_volume holds no data of PostgreSQL $major; nothing was changed" \
    'write the image and the volume of before into the profile' ;;
  esac
  back_up_first
  stop_all
  write_files "$@"
  printf '%s\n' "PostgreSQL $major runs on the volume $new_volume again, with the rows that it had when it was left" \
    "what was written since is in the volume of \`$old_key\`, which stays"
  exit
fi

if is_there "$new_volume"; then
  of=$(docker volume inspect --format "{{index .Labels \"$label\"}}" -- "$new_volume")
  [ -n "$of" ] && [ "$of" != '<no value>' ] || die "the volume $new_volume is there, and no upgrade has made it; nothing was changed" \
    'write another name as postgres.volume'
  found=$(look_into "$new_volume") || die "the volume $new_volume can't be looked into; nothing was changed"
  case $'\n'$found$'\n' in
  *$'\n'used$'\n'*)
    die "the volume $new_volume was made by an upgrade, and a server has run on it since; nothing was changed" \
      'write another name as postgres.volume, or, where what was written there is not needed:' "docker volume rm $new_volume"
    ;;
  *) ;;
  esac
  say "removing the volume $new_volume, which an upgrade that was cut off has left"
  docker volume rm "$new_volume" >/dev/null || die "the volume $new_volume could not be removed; nothing was changed"
fi

open_server || exit
old=$server_container
read -r old_major _ < <(in_old majors </dev/null) || die 'the old server does not answer; nothing was changed'
[ "$old_major" -le "$major" ] || die "PostgreSQL $major reads nothing of PostgreSQL $old_major; nothing was changed" \
  "where an upgrade came from it: codelab-gen upgrade --back"
hindrance=$(in_old hinders </dev/null) || die 'the old server does not answer; nothing was changed'
[ -z "$hindrance" ] || die "${hindrance%%$'\n'*}; nothing was changed" 'an upgrade by copying can not take it along'
listed=$(in_old databases </dev/null) || die 'the databases could not be listed; nothing was changed'
names=() owners=() sizes=() all=0
while IFS=$'\t' read -r name owner size; do
  names+=("$name")
  owners+=("$owner")
  sizes+=("$size")
  all=$((all + size))
done <<<"$listed"

back_up_first

# From here on there is a new server, beside the old one, which serves on.
say "starting PostgreSQL $major on the new volume $new_volume"
docker volume create --label "com.docker.compose.project=$project" --label "com.docker.compose.volume=$volume_key" \
  --label "$label=$old_key" -- "$new_volume" >/dev/null || die 'the new volume could not be made; nothing was changed'

# give_up MESSAGE [HELP]...: the new volume goes, so that nobody starts on a part of the data.
give_up() {
  stop_progress
  remove_helper || true
  docker volume rm "$new_volume" >/dev/null 2>&1 || true
  die "$@"
}

with_new up --detach --wait "$helper" || {
  docker ps --all --quiet --filter "label=com.docker.compose.project=$project" \
    --filter "label=com.docker.compose.service=$helper" | xargs docker logs --tail 20 2>&1 | tell_errors
  give_up "PostgreSQL $major does not start; nothing was changed"
}
new=$(list "$helper" running)
new=${new%%$'\n'*}
read -r new_major _ < <(in_new majors </dev/null) || give_up 'the new server does not answer; nothing was changed'
[ "$new_major" = "$major" ] || give_up "the image $image has PostgreSQL $new_major, not $major; nothing was changed"

place=$(docker exec "$new" df -Pk "$data_folder" | awk 'NR == 2 { print $4 }') || place=
needed=$((all * 11 / 10 + 134217728))
[ -z "$place" ] || [ "$((place * 1024))" -ge "$needed" ] ||
  give_up "there is place for $(bytes "$((place * 1024))"), and the new volume needs $(bytes "$needed"); nothing was changed"

in_old all_roles </dev/null | in_new take_roles || give_up 'the roles could not be taken along; nothing was changed'
for index in "${!names[@]}"; do
  name=${names[$index]}
  in_old describe "$name" </dev/null | in_new create "$name" || give_up "the database $name could not be made; nothing was changed"
  FOUND=$(in_old extensions_of "$name" </dev/null) || give_up "the extensions of $name could not be read; nothing was changed"
  [ -n "$FOUND" ] || continue
  missing=$(in_new add_extensions "$name" "${owners[$index]}" </dev/null) ||
    give_up "the extensions of $name could not be made; nothing was changed"
  [ -z "$missing" ] || give_up "the image $image does not have the extension ${missing%%$'\n'*}, which $name uses; nothing was changed" \
    'take an image that has it'
done
FOUND=

stop_all
connected=$(in_old others </dev/null) || connected=
[ -z "$connected" ] || say "still connected, from outside of the deployment: ${connected%%$'\n'*}"

# same WHAT OLD NEW: both are the same, or this ends.
same() {
  local line
  [ "$2" != "$3" ] || return 0
  stop_progress
  say "$1 is not the same on the new server:"
  while IFS= read -r line; do
    printf '  %s\n' "$(printf %s "$line" | shown)" >&2
  done < <(
    LC_ALL=C comm -23 <(printf '%s\n' "$2") <(printf '%s\n' "$3") | sed 's/^/only before: /' | head -n 20
    LC_ALL=C comm -13 <(printf '%s\n' "$2") <(printf '%s\n' "$3") | sed 's/^/only behind: /' | head -n 20
  )
  give_up 'nothing was changed' 'where the services are trusted: --as-superuser loads all with its owners, and runs what is in the databases as the superuser'
}

# sorted FUNCTION... of a server
sorted() {
  "$@" </dev/null | LC_ALL=C sort
}

counted=0
for index in "${!names[@]}"; do
  name=${names[$index]} owner=${owners[$index]}
  PASSWORD=$(password_for "$owner")
  load=(load_as "$owner" POSTGRES_PASSWORD)
  [ -z "${UPGRADE_AS_SUPERUSER:-}" ] || load=(load_all)
  behind=("$name")
  [ "${load[0]}" = load_all ] || behind+=("$name")
  say "copying $name, $(bytes "${sizes[$index]}")"
  left=$(in_old definitions "$name" </dev/null | in_new "${load[@]}" definitions "${behind[@]}") ||
    give_up "the tables of $name could not be made; nothing was changed"
  start_progress "$name" "${sizes[$index]}"
  exec 5>"$scripts/rows"
  arrived=$(
    in_old dump "$name" 864000 --compress=0 </dev/null | {
      while IFS= read -r line && [ -n "$line" ]; do
        printf '%s\n' "$line" >&5
      done
      cat
    } | in_new "${load[@]}" rows "${behind[@]}"
  ) || give_up "the rows of $name could not be copied; nothing was changed"
  exec 5>&-
  stop_progress
  left+=$'\n'$(printf '%s\n' "$arrived" | sed -n "s/^left"$'\t'"//p")
  left=$(printf '%s\n' "$left" | sed -n "/./{s/^left"$'\t'"//;p;}")
  [ -z "$left" ] || {
    while IFS= read -r line; do
      say "$name: left out: $line"
    done <<<"$left"
    give_up "not all of $name could be made by its owner; nothing was changed" \
      'where the services are trusted: --as-superuser loads all of it, and runs what is in the databases as the superuser'
  }
  same "what $name holds" "$(sed -n "/^rows"$'\t'"/p" "$scripts/rows" | LC_ALL=C sort)" \
    "$(printf '%s\n' "$arrived" | sed -n "/^rows"$'\t'"/p" | LC_ALL=C sort)"
  counted=$((counted + $(sed -n "/^rows"$'\t'"/p" "$scripts/rows" | awk -F '\t' '{ n += $3 } END { printf "%d", n }')))
  before=$(sorted in_old census "$name") && after=$(sorted in_new census "$name") ||
    give_up "the two databases $name could not be compared; nothing was changed"
  same "$name" "$before" "$after"
done
before=$(sorted in_old census_of_server) && after=$(sorted in_new census_of_server) ||
  give_up 'the roles could not be compared; nothing was changed'
same 'what the roles are' "$before" "$after"

docker stop --time 120 "$new" >/dev/null && mark_end || give_up 'the new server could not be stopped; nothing was changed'
remove_helper || die "the container of $helper could not be removed; the deployment is as it was"
write_files "$@"
printf '%s\n' "PostgreSQL $major has it all: ${#names[@]} databases, $counted rows, $(bytes "$all") before" \
  "services stood still for $((SECONDS - since)) s" \
  "what was before stays in the volume of \`$old_key\`; back to it, without what is written from now on:" \
  "  write \`image: $old_image\` and \`volume: $old_key\` for postgres into the profile again, and run codelab-gen upgrade --back"
