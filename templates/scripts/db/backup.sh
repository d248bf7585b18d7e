#!/usr/bin/env bash
# Backs up the databases of this deployment, while they are in use or while all are stopped.
# shellcheck source-path=SCRIPTDIR disable=SC1091,SC2154 # reach.sh, followed only with -x, shares its variables
if [ -z "${BASH_VERSION:-}" ]; then
  echo 'backup: this needs bash, and another shell has started it' >&2
  echo '  help: bash scripts/db/backup.sh --help' >&2
  exit 2
fi
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/reach.sh"

usage() {
  cat <<'TEXT'
usage: scripts/db/backup.sh [--to FOLDER] [--keep N] [--limit MINUTES] [--safety] [SERVICE]...

Backs up the databases of the services, or of all that have one, and prints the folder of the backup. Services may run
and write meanwhile; those that are stopped are backed up too. Each database is as of one moment, but two of them are
not as of the same.

Where a service can't be backed up, the others are. Their backup has a name that ends with -partial, the service is told,
and the exit status is 1. A container that is silent for 10 seconds, or a lock that is held so long, is such a case.

A further database of a service, from `databases` of the profile, is called SERVICE/NAME here.

  --to FOLDER  where backups are, each in a folder of its own; else backups/ beside scripts/
  --keep N     afterwards removes the oldest backups of the same services, so that N are left
               that are whole, this one counted, and N that are partial
  --limit MINUTES
               how long each service may take; else 120
  --safety     as restore.sh does before it changes anything: what does not exist yet is left out, and --keep leaves
               this backup alone

A backup holds the data of all users, and the rights of roles, but no password: keep it where nobody else can read it.
TEXT
}

folder=$PWD/backups keep='' limit=120 is_safety='' chosen=()
while [ $# -gt 0 ]; do
  case $1 in
  --help | -h) usage && exit ;;
  --to)
    [ -n "${2:-}" ] || misused '--to wants a folder'
    from_start "$2"
    folder=$path
    shift
    ;;
  --keep)
    case ${2:-} in
    '' | *[!0-9]* | 0*) misused '--keep wants a number from 1' ;;
    *) keep=$2 ;;
    esac
    shift
    ;;
  --limit)
    case ${2:-} in
    '' | *[!0-9]* | 0* | ??????*) misused '--limit wants a number of minutes from 1' ;;
    *) limit=$2 ;;
    esac
    shift
    ;;
  --safety) is_safety=yes ;;
  -*) misused "there is no option $1" ;;
  *)
    engine_of "$1" >/dev/null || misused "$1 is no service with a database: ${services[*]}"
    contains "$1" ${chosen[@]+"${chosen[@]}"} || chosen+=("$1")
    ;;
  esac
  shift
done
[ "${#chosen[@]}" -gt 0 ] || chosen=("${services[@]}")

limit=$((limit * 60))
partial='' working=()
remove_partial() {
  local pid
  for pid in ${working[@]+"${working[@]}"}; do
    end "$pid"
  done
  [ -z "$partial" ] || rm -rf -- "$partial"
}
at_the_end remove_partial

find_project

# What can be refused is refused before anything is written; what one service lacks leaves out no other.
containers=() failed=() server_failed=''
for service in "${chosen[@]}"; do
  container=
  if [ "$(engine_of "$service")" = sqlite ]; then
    find_running "$service"
    { [ -n "$container" ] || hold "$service" --no-deps; } && need_python "$service" || failed+=("$service")
  elif [ -n "$server_failed" ]; then
    failed+=("$service")
  elif [ -z "$server_container" ]; then
    open_server || {
      server_failed=yes
      failed+=("$service")
    }
  fi
  containers+=("$container")
done

mkdir -p -- "$folder"
for left in "$folder"/.partial-* "$folder"/.removed-*; do
  [ -d "$left" ] || continue
  of=$(cat "$left/mark" 2>/dev/null) || of=
  # One without a mark was killed as it began, or has just begun.
  if [ -z "$of" ] && [ -n "$(find "$left" -maxdepth 0 -mmin +1)" ] || { [ -n "$of" ] && has_ended "$of"; }; then
    rm -rf -- "$left"
  fi
done

# A folder with a dotted name is no backup; that its name is taken keeps two runs of the same second apart.
attempt=0
while :; do
  time=$(date -u +%Y%m%dT%H%M%SZ)
  name=$time
  [ -z "$is_safety" ] || name+=-safety
  partial=$folder/.partial-$name made=$folder/.partial-$name/made
  if [ ! -e "$folder/$name" ] && [ ! -e "$folder/$name-partial" ] && mkdir -- "$partial"; then
    break
  fi
  partial='' attempt=$((attempt + 1))
  [ "$attempt" -lt 5 ] || die "no folder could be made in $folder"
  sleep 1
done
printf '%s\n' "$mark" >"$partial/mark"
mkdir -- "$made"

# No database has more facts than this, or longer ones.
facts_limit=8388608 line_limit=65536

# receive FILE ENGINE SILENCE COMMAND...: what a container puts out: facts, an empty line, and data for the file. It may
# be hostile: so it is waited for that many seconds in silence, and for the limit in all. Only known facts are taken,
# and no more data than it has announced. Sets `status` to that of the command, or to 1. It is called where bash does
# not end at the first failure by itself.
receive() {
  local file=$1 engine=$2 silence=$3 deadline=$((SECONDS + limit))
  local why='' version='' sum='' bytes='' writer teller reader=''
  status=1
  : >"$partial/rows" && : >"$made/$file" && rm -f -- "$partial/data" "$partial/errors" &&
    mkfifo -- "$partial/data" "$partial/errors" || return
  "${@:4}" </dev/null >"$partial/data" 2>"$partial/errors" &
  writer=$!
  tell_errors <"$partial/errors" &
  teller=$!
  working=("$writer" "$teller")
  exec 3<"$partial/data"
  if receive_facts && may_come; then
    # More than was announced is one byte more.
    if [ "$engine" = sqlite ]; then exec head -c "$((bytes + 1))"; else exec cat; fi <&3 >"$made/$file" &
    reader=$!
    working+=("$reader")
    exec 3<&-
    follow "$reader" "$made/$file" && { wait "$reader" || why='it could not be written'; }
  fi
  exec 3<&-
  [ -n "$why" ] || ends_within "$patience" "$writer" || why="the container did not end for $patience seconds"
  if [ -n "$why" ]; then
    end "$writer"
    [ -z "$reader" ] || end "$reader"
  else
    status=0
    wait "$writer" || status=$?
    if [ -n "$reader" ]; then
      note || status=1
    elif [ "$status" = 0 ]; then
      status=1
    fi
  fi
  ends_within 1 "$teller" || true
  end "$teller"
  working=()
  [ -z "$why" ] || say "$file: $why"
}

# receive_facts: those of the manifest that a container may tell; fails where there is no empty line behind them.
receive_facts() {
  local LC_ALL=C line rest left=$facts_limit since patient is_made='' until=$deadline
  while :; do
    since=$SECONDS patient=$((until - SECONDS))
    [ "$patient" -le "$silence" ] || patient=$silence
    if [ "$patient" -le 0 ]; then
      why="it took longer than $((limit / 60)) minutes"
      [ "$until" = "$deadline" ] || why='the container was too slow'
      return 1
    fi
    if ! IFS= read -r -t "$patient" -n "$line_limit" line <&3; then
      [ "$((SECONDS - since))" -lt "$patient" ] || why="the container was silent for $patient seconds"
      return 1
    fi
    [ -n "$line" ] || return 0
    left=$((left - ${#line} - 64))
    if [ "$engine" = sqlite ] && [ "$line" != alive ] && [ -z "$is_made" ]; then
      # Where the copy is made, all is told at once.
      is_made=yes
      [ "$until" -le "$((SECONDS + 120))" ] || until=$((SECONDS + 120))
    fi
    if [ "$left" -lt 0 ] || [ "${#line}" -ge "$line_limit" ]; then
      why='the container tells more than a database has'
      return 1
    fi
    rest=${line#*$'\t'}
    case ${line%%$'\t'*} in
    version) version=$(printf %s "${rest:0:40}" | tr -cd '0-9A-Za-z.+~-') ;;
    bytes) bytes=$(printf %s "${rest:0:15}" | tr -cd '0-9') ;;
    sha256) sum=$(printf %s "${rest:0:64}" | tr -cd '0-9a-f') ;;
    rows)
      case ${rest//$'\t'/} in
      *[[:cntrl:]]*)
        why='the container tells what our programs never say'
        return 1
        ;;
      *) ;;
      esac
      printf 'rows\t%s\t%s\n' "$file" "$rest" >&4 || return 1
      ;;
    *) ;;
    esac
  done 4>"$partial/rows"
}

# may_come: whether there is place for the bytes that a container has announced; pg_dump does not know them.
may_come() {
  [ "$engine" = sqlite ] || return 0
  local place
  place=$(df -Pk -- "$made" | awk 'NR == 2 { print $4 }')
  if [ -z "$bytes" ] || [ "${#sum}" != 64 ]; then
    why='the container does not say what it sends'
  elif [ "$((10#$bytes / 1024))" -gt "$((${place:-0} * 9 / 10))" ]; then # the rest is for others
    why="No space left on device: $bytes bytes are announced"
  fi
  bytes=$((10#${bytes:-0}))
  [ -z "$why" ]
}

# follow PID FILE: while our program writes to the file. Fails where it does not grow, or takes too long.
follow() {
  local size=0 now since=$SECONDS
  while kill -0 "$1" 2>/dev/null; do
    now=$(wc -c <"$2")
    # Drops are no stream.
    [ "$((now - size))" -lt 65536 ] || size=$now since=$SECONDS
    [ "$((SECONDS - since))" -le "$silence" ] || why="the container was silent for $silence seconds"
    [ "$SECONDS" -le "$deadline" ] || why="it took longer than $((limit / 60)) minutes"
    [ -z "$why" ] || return 1
    sleep 0.1
  done
}

# note: the facts of what was received, if that is what was sent.
note() {
  local size found
  found=$(checksum <"$made/$file") && size=$(wc -c <"$made/$file") || return
  size=${size// /}
  if [ "$engine" = sqlite ] && { [ "$sum" != "$found" ] || [ "$size" != "$bytes" ]; }; then
    say "$file did not arrive as it was sent"
    return 1
  fi
  printf 'file\t%s\t%s\t%s\t%s\t%s\n' "$file" "$engine" "$version" "$size" "$found" >"$partial/noted" &&
    cat "$partial/rows" >>"$partial/noted"
}

# dump SERVICE: its database into the file; sets `status`. What was never read is no backup.
dump() {
  has_database "$1" || {
    [ $? = 2 ] || status=3
    return
  }
  receive "$file" postgres "$limit" as_server "$1" dump "$database" "$limit"
  [ "$status" != 3 ] || status=1
  [ "$status" = 0 ] || return
  if ! in_server "$1" read_archive <"$made/$file" || ! tell_commands "$1" "$made/$file"; then
    status=1
    say "the dump of $database can't be read back"
  fi
}

: >"$partial/facts"
: >"$partial/services"
dumped=() undumped=() kept=() of_server=''
for index in "${!chosen[@]}"; do
  service=${chosen[$index]}
  ! contains "$service" ${failed[@]+"${failed[@]}"} || continue
  status=1
  if [ "$(engine_of "$service")" = sqlite ]; then
    file=${service/\//+}.db
    receive "$file" sqlite "$patience" as_service "${containers[$index]}" copy "$(sqlite_file_of "$service")" || true
  else
    database=$(database_of "$service")
    file=$database.dump
    if contains "$database" ${dumped[@]+"${dumped[@]}"}; then
      : >"$partial/noted"
      status=0
    elif ! contains "$database" ${undumped[@]+"${undumped[@]}"}; then
      dump "$service" || true
      [ "$status" != 3 ] || [ -n "$is_safety" ] || say "the server has no database $database"
      if [ "$status" = 0 ]; then
        dumped+=("$database")
        of_server=$service
      else
        undumped+=("$database")
      fi
    fi
  fi
  if [ "$status" != 0 ]; then
    rm -f -- "$made/$file"
    [ "$status" = 3 ] && [ -n "$is_safety" ] || failed+=("$service")
    continue
  fi
  cat "$partial/noted" >>"$partial/facts"
  printf 'service\t%s\t%s\n' "$service" "$file" >>"$partial/services"
  kept+=("$service")
done

if [ "${#failed[@]}" -gt 0 ] && { [ "${#kept[@]}" = 0 ] || [ -n "$is_safety" ]; }; then
  for service in "${failed[@]}"; do
    say "$service was not backed up, and there is no new backup"
  done
  exit 1
fi
if [ "${#kept[@]}" = 0 ]; then
  say 'nothing exists yet that could be backed up'
  exit 0
fi
if [ "${#dumped[@]}" -gt 0 ]; then
  in_server "$of_server" roles </dev/null >"$made/roles.sql" ||
    die 'the roles were not backed up, and there is no new backup'
  printf 'roles\troles.sql\t%s\n' "$(checksum <"$made/roles.sql")" >>"$partial/facts"
fi

purpose=backup
[ -z "$is_safety" ] || purpose=safety
{
  cat <<'TEXT'
# What restore.sh goes by: one fact a line, its parts divided by tabs; a tab, line end or backslash in a name is written
# \t, \n, \r or \\.
#   format NUMBER; time UTC; project NAME; purpose backup or safety
#   service NAME FILE; missing NAME, of a service that could not be backed up
#   file NAME ENGINE VERSION BYTES SHA256; rows FILE TABLE NUMBER; roles FILE SHA256
#   end SHA256 of all lines above
TEXT
  printf '%s\t%s\n' format 1 time "$time" project "$project" purpose "$purpose"
  cat "$partial/services"
  [ "${#failed[@]}" = 0 ] || printf 'missing\t%s\n' "${failed[@]}"
  cat "$partial/facts"
} >"$made/manifest"
sum=$(checksum <"$made/manifest")
printf 'end\t%s\n' "$sum" >>"$made/manifest"

# The backup gets its name when it stands on the disk.
on_disk "$made"/* "$made" || die "the backup did not get to the disk, and there is no new backup"
[ "${#failed[@]}" = 0 ] || name+=-partial
mv -- "$made" "$folder/$name"
rm -rf -- "$partial"
partial=
on_disk "$folder"
printf '%s\n' "$folder/$name"

# is_of_this_kind FOLDER: whether it is a backup of the same services of this deployment, made for keeping.
is_of_this_kind() {
  local manifest=$1/manifest
  [ -f "$manifest" ] || return 1
  [ "$(tail -n 1 "$manifest" | cut -f 1)" = end ] || return 1
  grep -qxF "project"$'\t'"$project" "$manifest" || return 1
  grep -qxF "purpose"$'\t'backup "$manifest" || return 1
  [ "$(grep -E "^(service|missing)"$'\t' "$manifest" | cut -f 2 | sort)" = "$(printf '%s\n' "${chosen[@]}" | sort)" ]
}

# prune END: of the backups whose names end so, the oldest go.
prune() {
  local old same=() count is_counted=0
  for old in "$folder"/[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]"$1"; do
    # Should the clock have been set back, the new one is not the newest by name.
    if [ "$old" = "$folder/$name" ]; then
      is_counted=1
    elif is_of_this_kind "$old"; then
      same+=("$old")
    fi
  done
  count=$((${#same[@]} + is_counted - keep))
  for old in ${same[@]+"${same[@]}"}; do
    [ "$count" -gt 0 ] || break
    # Under this name it is no backup, also if this is cut off.
    mv -- "$old" "$folder/.removed-${old##*/}"
    printf '%s\n' "$mark" >"$folder/.removed-${old##*/}/mark"
    rm -rf -- "$folder/.removed-${old##*/}"
    count=$((count - 1))
  done
}

if [ -n "$keep" ] && [ -z "$is_safety" ]; then
  # A partial one takes the place of no whole one.
  [ "${#failed[@]}" -gt 0 ] || prune Z
  prune Z-partial
fi
for service in ${failed[@]+"${failed[@]}"}; do
  say "$service was not backed up; the new backup is one of the others: ${kept[*]}"
done
[ "${#failed[@]}" = 0 ]
