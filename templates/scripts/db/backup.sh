#!/usr/bin/env bash
# Backs up the databases of this deployment, while they are in use or while all stands still.
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
usage: scripts/db/backup.sh [--to FOLDER] [--keep N] [--safety] [SERVICE]...

Backs up the databases of the services, or of all that have one, and prints the folder of the backup. Services may run
and write meanwhile; those that stand still are backed up too. Each database is as of one moment, but two of them are
not as of the same.

  --to FOLDER  where backups stand, each in a folder of its own; else backups/ beside docker-compose.yml
  --keep N     afterwards removes the oldest backups of the same services, so that N are left, this one counted
  --safety     as restore.sh does before it changes anything: what does not exist yet is left out, and --keep leaves
               this backup alone

A backup holds the data of all users, and the rights of roles, but no password: keep it where nobody else can read it.
TEXT
}

folder=$PWD/backups keep='' is_safety='' chosen=()
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

partial=
remove_partial() {
  [ -z "$partial" ] || rm -rf -- "$partial"
}
at_the_end remove_partial

find_project

# Everything that can be refused is refused before anything is written.
containers=()
for service in "${chosen[@]}"; do
  container=
  if [ "$(engine_of "$service")" = sqlite ]; then
    find_running "$service"
    [ -n "$container" ] || hold "$service" --no-deps
    need_python "$service"
  elif [ -z "$server_container" ]; then
    open_server
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
  if [ ! -e "$folder/$name" ] && mkdir -- "$partial"; then
    break
  fi
  partial='' attempt=$((attempt + 1))
  [ "$attempt" -lt 5 ] || die "no folder could be made in $folder"
  sleep 1
done
printf '%s\n' "$mark" >"$partial/mark"
mkdir -- "$made"

# receive FILE ENGINE: what comes before an empty line goes into the manifest, the rest into the file. It is called where
# bash does not end at the first failure by itself.
receive() {
  local key rest version='' sent='' is_whole=
  : >"$partial/rows" || return 1
  # `read` takes one byte at a time from a pipe, so what follows the empty line is still there for `cat`.
  while IFS=$'\t' read -r key rest; do
    case $key in
    '') is_whole=yes && break ;;
    version) version=$rest ;;
    sha256) sent=$rest ;;
    rows) printf 'rows\t%s\t%s\n' "$1" "$rest" >>"$partial/rows" || return 1 ;;
    *) ;;
    esac
  done
  [ -n "$is_whole" ] || return 1
  cat >"$made/$1" || return 1
  local sum size
  sum=$(checksum <"$made/$1") && size=$(wc -c <"$made/$1") || return 1
  if [ -n "$sent" ] && [ "$sent" != "$sum" ]; then
    say "$1 did not arrive as it was sent"
    return 1
  fi
  printf 'file\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$version" "${size// /}" "$sum" >>"$partial/facts" &&
    cat "$partial/rows" >>"$partial/facts"
}

: >"$partial/facts"
: >"$partial/services"
dumped=() kept=() of_server=''
for index in "${!chosen[@]}"; do
  service=${chosen[$index]}
  if [ "$(engine_of "$service")" = sqlite ]; then
    file=$service.db
    path=$(sqlite_file_of "$service")
    status=0
    in_service "${containers[$index]}" copy "$path" </dev/null 2>"$partial/errors" | receive "$file" sqlite ||
      status=1${PIPESTATUS[0]}
    if [ "$status" = 13 ] && [ -n "$is_safety" ]; then
      continue
    fi
    if [ "$status" != 0 ]; then
      cat "$partial/errors" >&2
      die "$service was not backed up, and there is no new backup"
    fi
  else
    database=$(database_of "$service")
    file=$database.dump
    if ! contains "$database" ${dumped[@]+"${dumped[@]}"}; then
      if ! has_database "$service"; then
        [ -z "$is_safety" ] || continue
        die "$service was not backed up, and there is no new backup: the server has no database $database"
      fi
      in_server "$service" dump "$database" </dev/null | receive "$file" postgres ||
        die "$service was not backed up, and there is no new backup"
      # What was never read is no backup.
      in_server "$service" read_archive <"$made/$file" ||
        die "the dump of $database can't be read back, and there is no new backup"
      dumped+=("$database")
      of_server=$service
    fi
  fi
  printf 'service\t%s\t%s\n' "$service" "$file" >>"$partial/services"
  kept+=("$service")
done

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
#   service NAME FILE
#   file NAME ENGINE VERSION BYTES SHA256; rows FILE TABLE NUMBER; roles FILE SHA256
#   end SHA256 of all lines above
TEXT
  printf '%s\t%s\n' format 1 time "$time" project "$project" purpose "$purpose"
  cat "$partial/services" "$partial/facts"
} >"$made/manifest"
sum=$(checksum <"$made/manifest")
printf 'end\t%s\n' "$sum" >>"$made/manifest"

# The backup gets its name when it stands on the disk.
on_disk "$made"/* "$made" || die "the backup did not get to the disk, and there is no new backup"
mv -- "$made" "$folder/$name"
rm -rf -- "$partial"
partial=
on_disk "$folder"
printf '%s\n' "$folder/$name"

# is_of_this_kind FOLDER: whether it is a whole backup of the same services of this deployment, made for keeping.
is_of_this_kind() {
  local manifest=$1/manifest
  [ -f "$manifest" ] || return 1
  [ "$(tail -n 1 "$manifest" | cut -f 1)" = end ] || return 1
  grep -qxF "project"$'\t'"$project" "$manifest" || return 1
  grep -qxF "purpose"$'\t'backup "$manifest" || return 1
  [ "$(grep "^service"$'\t' "$manifest" | cut -f 2 | sort)" = "$(printf '%s\n' "${kept[@]}" | sort)" ]
}

if [ -n "$keep" ] && [ -z "$is_safety" ]; then
  same=()
  for old in "$folder"/[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z; do
    # Should the clock have been set back, the new one is not the newest by name.
    [ "$old" = "$folder/$name" ] || ! is_of_this_kind "$old" || same+=("$old")
  done
  count=$((${#same[@]} + 1 - keep))
  for old in ${same[@]+"${same[@]}"}; do
    [ "$count" -gt 0 ] || break
    # Under this name it is no backup, also if this is cut off.
    mv -- "$old" "$folder/.removed-${old##*/}"
    printf '%s\n' "$mark" >"$folder/.removed-${old##*/}/mark"
    rm -rf -- "$folder/.removed-${old##*/}"
    count=$((count - 1))
  done
fi
