#!/usr/bin/env bash
# Brings the databases of services back to what they were when a backup was made.
# shellcheck source-path=SCRIPTDIR disable=SC1091,SC2034,SC2154 # reach.sh, followed only with -x, shares its variables
if [ -z "${BASH_VERSION:-}" ]; then
  echo 'restore: this needs bash, and another shell has started it' >&2
  echo '  help: bash scripts/db/restore.sh --help' >&2
  exit 2
fi
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/reach.sh"

usage() {
  cat <<TEXT
usage: scripts/db/restore.sh [--no-backup] BACKUP [SERVICE]...
       scripts/db/restore.sh [--no-backup] --at TIME [SERVICE]...
       scripts/db/restore.sh --list

Brings the databases of the services, or of all that are in the backup, back to what they were when backup.sh made it.
BACKUP is its folder. It may come from another host: then codelab-gen writes the deployment first.

A database is loaded as the role of its service, so what is in it runs as that role and nobody else. What only the
server's superuser may make is left out and told: event triggers, functions in C. Extensions are made before that.

A further database of a service, from \`databases\` of the profile, is called SERVICE/NAME here.

The backup is checked, the present state is backed up into backups/, and the data is restored and counted next to the
present data, while the services still run. Only then they are stopped, and started with the new data. The old data
stays, as the database NAME_before_TIME or the file NAME.before-TIME; what removes it is told at the end. Whatever
fails, or if this is killed: the old data is there, and \`$starts_all\` starts with it; run this again.

  --at TIME    takes the state of that moment instead of a backup of backup.sh, where the profile has the section
               \`backups\`: '2026-11-30 03:00', in UTC, or with a zone behind it such as +02, or \`latest\`. The backups
               are restored into a server that nobody else reaches; its databases are dumped and then restored as above
  --list       tells from when to when that can be
  --no-backup  makes no backup of the present state: where it is so damaged that it can't be read
TEXT
}

with_backup=yes backup='' at='' is_list='' chosen=()
while [ $# -gt 0 ]; do
  case $1 in
  --help | -h) usage && exit ;;
  --no-backup) with_backup='' ;;
  --list) is_list=yes ;;
  --at)
    [ -n "${2:-}" ] || misused '--at wants a time'
    at=$2
    shift
    ;;
  -*) misused "there is no option $1" ;;
  *)
    if [ -z "$backup$at" ]; then
      from_start "$1"
      backup=${path%/}
    else
      engine_of "$1" >/dev/null || misused "$1 is no service with a database: ${services[*]}"
      contains "$1" ${chosen[@]+"${chosen[@]}"} || chosen+=("$1")
    fi
    ;;
  esac
  shift
done
[ -n "$backup$at$is_list" ] || misused 'which backup?'
[ -z "$backup" ] || [ -z "$at$is_list" ] || misused 'a backup, or --at, or --list: one of them'

brought='' brought_in=()
# remove_brought: what was made of another time for this run.
remove_brought() {
  [ "${#brought_in[@]}" = 0 ] || in_backup "${brought_in[0]}" let_go "${brought_in[1]}" >/dev/null 2>&1 || true
  brought_in=()
  [ -z "$brought" ] || rm -rf -- "$brought"
}

# need_backups: sets `container` to one in which the backups can be reached; held for this run.
need_backups() {
  [ -f scripts/backups/backups.sh ] ||
    die "the profile has no section \`backups\`" 'name the folder of a backup: scripts/db/restore.sh --help'
  find_project
  hold postgres-backup --no-deps || exit
}

if [ -n "$is_list" ]; then
  at_the_end remove_brought
  need_backups
  in_backup "$container" list
  exit
fi

# Of a moment, a backup is made like those of backup.sh, and all else is as with one of these.
if [ -n "$at" ]; then
  time='^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?$'
  [ "$at" = latest ] || [[ $at =~ $time ]] ||
    misused "--at wants a time such as '2026-11-30 03:00', in UTC, or \`latest\`, and not $at"
  if [ "${#chosen[@]}" = 0 ]; then
    chosen=("${services[@]}")
  fi
  at_the_end remove_brought
  need_backups
  folder=at-$(date -u +%Y%m%d%H%M%S)-$$
  brought_in=("$container" "$folder")
  in_backup "$container" bring_back "$folder" "$at" || die 'nothing was changed'
  mkdir -p -- backups
  brought=$(mktemp -d "$PWD/backups/.at-XXXXXX")
  backup=$(RESTORED_SERVER="$container /var/lib/pgbackrest-work/$folder" \
    bash "$scripts/backup.sh" --to "$brought" "${chosen[@]}") ||
    die 'what was restored could not be dumped; nothing was changed'
  in_backup "$container" let_go "$folder" >/dev/null 2>&1 || true
  brought_in=()
  let_go
fi

# A backup that is not what was made is told before anything is touched.
manifest=$backup/manifest
[ -d "$backup" ] || die "there is no folder $backup"
[ -r "$backup" ] && [ -x "$backup" ] || die "$backup can't be read"
[ -f "$manifest" ] || die "$backup is no backup: it has no manifest"
lines=$(wc -l <"$manifest")
if [ "$(tail -n 1 "$manifest")" != "end"$'\t'"$(head -n "$((lines - 1))" "$manifest" | checksum)" ]; then
  die "the manifest of $backup was changed, or is not whole" 'nothing was changed; take another backup'
fi

format='' saved=() saved_in=() missing=() files=() engines=() versions=() roles=''
while IFS=$'\t' read -r key first second rest; do
  case $key in
  format) format=$first ;;
  service)
    saved+=("$first")
    saved_in+=("$second")
    ;;
  missing) missing+=("$first") ;;
  file | roles)
    [ "$key" = file ] || { rest=$'\t\t'$second && roles=$first; }
    case $first in
    */* | .* | '') die "the manifest of $backup names a file that is not in its folder" ;;
    *) ;;
    esac
    [ -f "$backup/$first" ] || die "$backup lacks the file $first" 'nothing was changed; take another backup'
    if [ "$(checksum <"$backup/$first")" != "${rest##*$'\t'}" ]; then
      die "$first in $backup is not what was backed up" 'nothing was changed; take another backup'
    fi
    files+=("$first")
    engines+=("$second")
    versions+=("${rest%%$'\t'*}")
    ;;
  *) ;;
  esac
done <"$manifest"
[ "$format" = 1 ] || die "$backup was made by another version of backup.sh" 'take the scripts of that version'

# find_file SERVICE: sets `file`, `engine` and `version` to those of its backup.
find_file() {
  local index
  file='' engine='' version=''
  for index in "${!saved[@]}"; do
    [ "${saved[$index]}" != "$1" ] || file=${saved_in[$index]}
  done
  for index in "${!files[@]}"; do
    [ "${files[$index]}" != "$file" ] || engine=${engines[$index]} version=${versions[$index]}
  done
  [ -n "$engine" ]
}

# rows_of FILE: its tables with their numbers of rows.
rows_of() {
  local key of rest
  while IFS=$'\t' read -r key of rest; do
    [ "$key $of" != "rows $1" ] || printf '%s\n' "$rest"
  done <"$manifest" | LC_ALL=C sort
}

if [ "${#chosen[@]}" = 0 ]; then
  for service in "${saved[@]}"; do
    engine_of "$service" >/dev/null ||
      die "$service, which is in the backup, is no service with a database" \
        "name those that shall be restored: ${services[*]}"
  done
  chosen=("${saved[@]}")
fi
for service in "${chosen[@]}"; do
  find_file "$service" || {
    ! contains "$service" ${missing[@]+"${missing[@]}"} ||
      die "$service is not in the backup, for it could not be backed up then" "it has: ${saved[*]}"
    die "$service is not in the backup" "it has: ${saved[*]}"
  }
  now=$(engine_of "$service")
  [ "$engine" = "$now" ] || die "$service uses $now, and the backup is one of $engine" \
    "generate with engine $engine for it, restore, then move the data: codelab-gen migrate --help"
done

stamp=$(date -u +%Y%m%d_%H%M%S)
loaded=() # what was made beside the present data: lines of service, container or `server`, name
told=()   # what has been replaced, and where it is now

go_back() {
  local line
  remove_brought
  [ "${#told[@]}" = 0 ] || printf '%s\n' "${told[@]}"
  for line in ${loaded[@]+"${loaded[@]}"}; do
    undo "$line" >/dev/null 2>&1 || true
  done
}
at_the_end go_back

# undo LINE: removes what was made for a service.
undo() {
  local service container new
  IFS=$'\t' read -r service container new <<<"$1"
  if [ -n "$container" ] && [ "$container" != server ]; then
    in_service "$container" discard "$(sqlite_file_of "$service")" "$new" </dev/null
  else
    in_server "$service" remove "$new" </dev/null
  fi
}

find_project
containers=()
for service in "${chosen[@]}"; do
  container=
  if [ "$(engine_of "$service")" = sqlite ]; then
    hold "$service" --no-deps || exit
    need_python "$service" || exit
  elif [ -z "$server_container" ]; then
    open_server || exit
    align_server
  fi
  containers+=("$container")
done

safety=
if [ -n "$with_backup" ]; then
  safety=$(bash "$scripts/backup.sh" --safety "${chosen[@]}") ||
    die 'the present state could not be backed up; nothing was changed' \
      'where it is damaged: --no-backup restores without that; the old data stays beside the new'
fi

# arrived FILE: from standard input what is there now; whether that is what the manifest says. Tells what was left out.
arrived() {
  local said found expected line
  said=$(cat)
  found=$(printf '%s\n' "$said" | sed -n "s/^rows"$'\t'"//p" | LC_ALL=C sort)
  expected=$(rows_of "$1")
  while IFS= read -r line; do
    say "$1: left out: $line"
  done < <(printf '%s\n' "$said" | sed -n "s/^left"$'\t'"//p" | head -n 20)
  if [ "$found" != "$expected" ]; then
    say "$1: other rows arrived than the manifest says"
    while IFS= read -r line; do
      printf '  %s\t%s\n' "$(printf %s "${line%$'\t'*}" | shown)" "$(printf %s "${line##*$'\t'}" | shown)" >&2
    done < <(
      LC_ALL=C comm -23 <(printf '%s\n' "$expected") <(printf '%s\n' "$found") | sed 's/^/expected /' | head -n 20
      LC_ALL=C comm -13 <(printf '%s\n' "$expected") <(printf '%s\n' "$found") | sed 's/^/found    /' | head -n 20
    )
    return 1
  fi
}

# free_name SERVICE DATABASE: whether nothing is called so, and PostgreSQL takes the whole name.
free_name() {
  local status=0
  [ "${#2}" -le 63 ] || die "$2 is too long a name for a database beside the present one; nothing was changed"
  in_server "$1" exists "$2" </dev/null || status=$?
  case $status in
  0)
    die "the database $2 is there already, of a restore that goes on or was killed; nothing was changed" \
      "where none goes on: scripts/db/psql.sh --superuser postgres -c 'DROP DATABASE \"$2\"'"
    ;;
  4) ;;
  *) die 'the server does not tell which databases it has; nothing was changed' ;;
  esac
}

# Until all of it is there and counted, the services run on, and their data is not touched.
done_databases=()
for index in "${!chosen[@]}"; do
  service=${chosen[$index]}
  find_file "$service"
  if [ "$engine" = sqlite ]; then
    path=$(sqlite_file_of "$service")
    new=.${path##*/}.restoring-$stamp
    loaded+=("$service"$'\t'"${containers[$index]}"$'\t'"$new")
    sum=$(checksum <"$backup/$file")
    in_service "${containers[$index]}" receive "$path" "$new" "$sum" <"$backup/$file" | arrived "$file" ||
      die "$file could not be restored; nothing was changed"
    continue
  fi
  database=$(database_of "$service")
  ! contains "$database" ${done_databases[@]+"${done_databases[@]}"} || continue
  done_databases+=("$database")
  start=$(short "$database" 26)_restoring_
  new=$start$stamp
  if [ "$server" = operated ]; then
    # The one database beside its own into which pg_hba lets the role.
    new=${database}_restoring
    free_name "$service" "$new"
  fi
  in_server "$service" remove_left "$start" </dev/null || true
  tell_commands "$service" "$backup/$file" || {
    tell_versions "$service" "$backup/$file" "$version"
    die "$file can't be read; nothing was changed"
  }
  [ "$server" != external ] || need_right_to_make "$service"
  [ "$server" = external ] || [ -z "$roles" ] || ROLES=$(sed -n 's/^CREATE ROLE \(.*\);$/\1/p' "$backup/$roles") \
    in_server "$service" make_roles </dev/null ||
    die 'the roles of the backup could not be made; nothing was changed'
  extensions=$(extensions_in "$service" "$backup/$file") || die "$file can't be read; nothing was changed"
  loaded+=("$service"$'\t'"server"$'\t'"$new")
  make_beside "$service" "$new" "$extensions" || {
    tell_versions "$service" "$backup/$file" "$version"
    exit 1
  }
  load_into "$service" "$new" "$backup/$file" | arrived "$file" || {
    tell_versions "$service" "$backup/$file" "$version"
    die "$file could not be restored; nothing was changed" \
      'after "too many connections for role": stop the service first, or give it a larger connection_limit' \
      'after "does not exist": let the function that names it say where it is: ALTER FUNCTION … SET search_path'
  }
  in_server "$service" settle "$database" "$new" </dev/null ||
    die "the settings of $database could not be restored; nothing was changed"
done

# A database may serve more services than those that were named, and jobs.
affected=("${chosen[@]}")
for service in "${services[@]}" ${jobs[@]+"${jobs[@]}"}; do
  if [ "$(engine_of "$service")" = postgres ] && ! contains "$service" "${affected[@]}" &&
    contains "$(database_of "$service")" ${done_databases[@]+"${done_databases[@]}"}; then
    affected+=("$service")
  fi
done
running=()
for service in "${affected[@]}"; do
  find_started "$service"
  running+=(${started[@]+"${started[@]}"})
done
stop ${running[@]+"${running[@]}"} || die 'the services could not be stopped; nothing was changed'

for line in "${loaded[@]}"; do
  IFS=$'\t' read -r service container new <<<"$line"
  if [ "$container" = server ]; then
    database=$(database_of "$service")
    old=$(short "$database" 26)_before_$stamp
    existed=yes status=0
    has_database "$service" || status=$?
    [ "$status" != 2 ] || die "the database $database could not be replaced, and is as it was"
    [ "$status" = 0 ] || existed=''
    in_server "$service" swap "$database" "$new" "$old" </dev/null ||
      die "the database $database could not be replaced, and is as it was" 'who is still connected to it?'
    [ -z "$existed" ] ||
      told+=("the data of $service before is now the database $old; it is removed by:"
        "  scripts/db/psql.sh $service --command 'DROP DATABASE \"$old\"'")
  else
    path=$(sqlite_file_of "$service")
    kept=$(in_service "$container" replace "$path" "$new" "$stamp" </dev/null | before_of "$path") ||
      die "the file of $service could not be replaced, and is as it was"
    [ -z "$kept" ] ||
      told+=("the data of $service before is now the file $kept; it is removed by:"
        "  $(run_beside "$service") rm $kept")
  fi
  # From here on it is the service's own.
  loaded=("${loaded[@]:1}")
done

[ -z "$server_container" ] || align_server
let_go
server_was_started=
[ -z "$safety" ] || printf 'the state before is backed up too: %s\n' "$safety"
start_again "${affected[@]}" ||
  die 'the data is restored, but the services do not start with it' "$shows_logs ${affected[*]%%/*}" \
    ${safety:+"back to what was before: scripts/db/restore.sh $safety"}
