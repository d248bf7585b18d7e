#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR disable=SC1091,SC2034,SC2154 # reach.sh, followed only with -x, shares its variables
#
# Moves the data of a service between SQLite and PostgreSQL. `codelab-gen migrate` lays it down beside what it reads, and
# becomes it:
#
#   migrate.sh SERVICE postgres|sqlite [replace]
#
# The service itself makes the tables in a new database or file, which gets its name when all rows are there: so the source
# is never changed, and if this fails or is killed, the target is as it was, and it can be run again.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/reach.sh"

service=$1 to=$2 may_replace=${3:-}
failure=5 # what the outside world says no to
stamp=$(date -u +%Y%m%d_%H%M%S)
new='' schema_maker=''

go_back() {
  [ -z "$schema_maker" ] || docker rm --force --volumes "$schema_maker" >/dev/null 2>&1 || true
  [ -z "$new" ] || undo >/dev/null 2>&1 || true
  [ -z "${CODELAB_GEN_WORK:-}" ] || rm -rf -- "$CODELAB_GEN_WORK"
}
at_the_end go_back

undo() {
  if [ "$to" = postgres ]; then
    in_server "$service" remove "$new" </dev/null
  else
    in_service "$holder" discard "$file" "$new" </dev/null
  fi
}

engine_of "$service" >/dev/null || {
  failure=2
  die "$service is no service with a database" "name one of these: ${services[*]}"
}
! contains "$service" ${jobs[@]+"${jobs[@]}"} ||
  die "$service is a job, and has the database of another service" "name that one: ${services[*]}"
read -r -a own_jobs <<<"$(jobs_of "$service")"
read -r -a needs <<<"$(needs_of "$service")"

# option_of SERVICE: what sets its engine to the one that comes.
option_of() {
  local of field=database
  of=$(service_of "$1")
  [ "$of" = "$1" ] || field=databases.${1#*/}
  case $of in
  *.*) printf " --set 'services.\"%s\".%s.engine=%s'" "$of" "$field" "$to" ;;
  *) printf ' --set services.%s.%s.engine=%s' "$of" "$field" "$to" ;;
  esac
}

options=$(option_of "$service")
for job in ${own_jobs[@]+"${own_jobs[@]}"}; do
  [ -z "$(sqlite_file_of "$job")" ] || options+=$(option_of "$job")
done

file=$(sqlite_file_of "$service")
[ -n "$file" ] || die "the profile describes no SQLite file for $service" \
  "write database: { sqlite: data/NAME.db } beside it, and run codelab-gen"
if [ "$(engine_of "$service")" = sqlite ]; then
  if [ "$to" = postgres ]; then
    die "the generated files still say SQLite for $service" "first switch, without starting anything: codelab-gen$options" \
      'then run this again'
  fi
  options=${options//engine=sqlite/engine=postgres}
  die "the generated files no longer say where $service has its data on PostgreSQL" "first go back to it: codelab-gen$options" \
    'then run this again'
fi
database=$(database_of "$service")
for other in "${services[@]}"; do
  if [ "$other" != "$service" ] && [ "$(database_of "$other")" = "$database" ]; then
    die "$service shares the database $database with $other" 'only a database of one service can be moved'
  fi
done

# need_libraries: what migrate.py needs is in the service's image, which its container has not yet stopped for.
need_libraries() {
  local lacking
  find_user "$holder" "$file" || die "the container of $service does not tell as whom it runs"
  # shellcheck disable=SC2016 # for the container's shell
  lacking=$(within "$patience" docker exec ${as[@]+"${as[@]}"} "$holder" \
    sh -c "$find_python"' && exec "$p" -c "$1"' sh 'import sys
if sys.version_info < (3, 9):
    sys.exit(print("Python 3.9"))
for name in ("sqlalchemy", "sqlalchemy.ext.asyncio", "greenlet"):
    try:
        __import__(name)
    except ImportError:
        sys.exit(print(name))' 2>/dev/null) || lacking='a Python that answers'
  [ -z "$lacking" ] ||
    die "the image of $service has no $lacking, by which its rows are copied; nothing was changed" \
      "install sqlalchemy[asyncio], 1.4 or later, for Python 3.9 or later in it, beside the driver of its URL"
}

find_project
open_server
align_server
was_running=()
for name in "$service" ${own_jobs[@]+"${own_jobs[@]}"}; do
  find_started "$name"
  was_running+=(${started[@]+"${started[@]}"})
done
if [ "${#own_jobs[@]}" = 0 ]; then
  hold "$service" || exit "$failure" # with what it depends on
else
  # but for its jobs, which would make their tables in the database of now
  [ "${#needs[@]}" = 0 ] || docker compose up --detach --wait "${needs[@]}" </dev/null ||
    die "what $service depends on does not start"
  hold "$service" --no-deps || exit "$failure"
fi
holder=$container
need_python "$service" || exit "$failure"
need_libraries
if [ "$to" = postgres ]; then
  in_service "$holder" tables "$file" </dev/null >/dev/null || die "$service has no data in SQLite that could be moved"
fi

# The URL of the service itself: only the containers know it, with the password as the driver wants it.
variable=$(url_variable_of "$service")
find_user "$holder" "$file" || die "the container of $service does not tell as whom it runs"
# shellcheck disable=SC2016 # for the container's shell
url=$(docker exec ${as[@]+"${as[@]}"} "$holder" sh -c "$find_python"' &&
  exec "$p" -c "import os, sys; print(os.environ.get(sys.argv[1], str()))" "$1"' sh "$variable" </dev/null)
before_query=${url%%\?*}
case $url in
postgresql*://* | postgres://*) ;;
*) die "the URL that $service gets as $variable is not one of PostgreSQL" \
  'a variable that the shell exports wins over .env; otherwise run codelab-gen again' ;;
esac
[ "${before_query##*/}" = "$database" ] || die "the URL that $service gets as $variable does not lead to $database" \
  'a variable that the shell exports wins over .env; otherwise run codelab-gen again'

# url_of NAME: the URL of another database on the server.
url_of() {
  printf '%s/%s%s' "${before_query%/*}" "$1" "${url#"$before_query"}"
}

MIGRATE_PROGRESS=
[ ! -t 2 ] || MIGRATE_PROGRESS=1
export MIGRATE_PROGRESS MIGRATE_SOURCE_URL MIGRATE_TARGET_URL MIGRATE_TARGET_WAS_EMPTY=

# copy_rows COMMAND: migrate.py in the service's image, with the URLs in its environment.
copy_rows() {
  # shellcheck disable=SC2016 # for the container's shell
  docker exec --interactive --env MIGRATE_SOURCE_URL --env MIGRATE_TARGET_URL --env MIGRATE_TARGET_WAS_EMPTY \
    --env MIGRATE_PROGRESS ${as[@]+"${as[@]}"} "$holder" \
    sh -c "$find_python"' && exec "$p" - "$1"' sh "$1" <"$scripts/migrate.py"
}

if [ "$to" = postgres ]; then
  source=$file target=$database
  MIGRATE_SOURCE_URL=sqlite:///$file
else
  source=$database target=$file
  MIGRATE_SOURCE_URL=$url
fi

if [ "${#was_running[@]}" -gt 0 ]; then
  say "stopping $service"
  stop "${was_running[@]}" || die "$service could not be stopped; nothing was changed"
fi

if [ -z "$may_replace" ]; then
  MIGRATE_TARGET_URL=$url
  [ "$to" = postgres ] || MIGRATE_TARGET_URL=sqlite:///$file
  status=0
  copy_rows check >/dev/null || status=$?
  case $status in
  0) ;;
  1) die "$target can't take the rows of $service; nothing was changed" \
    "where the rows in $target are not needed: --replace keeps them beside" ;;
  *) die "$service was not moved; nothing was changed" ;;
  esac
fi

if [ "$to" = postgres ]; then
  start=$(short "$database" 26)_migrating_
  in_server "$service" remove_left "$start" </dev/null || true
  if [ "$server" = external ]; then
    need_right_to_make "$service"
  fi
  new=$start$stamp
  extensions=$(in_server "$service" extensions_of "$database" </dev/null) ||
    die "the extensions of $database could not be read; nothing was changed"
  make_beside "$service" "$new" "$extensions" || exit "$failure"
  in_server "$service" settle "$database" "$new" </dev/null ||
    die "the settings of $database could not be made; nothing was changed"
  MIGRATE_TARGET_URL=$(url_of "$new")
else
  in_service "$holder" tidy "$file" </dev/null
  new=.${file##*/}.migrating-$stamp
  MIGRATE_TARGET_URL=sqlite:///${file%/*}/$new
fi
MIGRATE_TARGET_WAS_EMPTY=$(copy_rows check) || die "$service was not moved; nothing was changed"

# count_tables: how many there are in the new database.
count_tables() {
  if [ "$to" = postgres ]; then
    in_server "$service" tables "$new" </dev/null
  else
    in_service "$holder" tables "${file%/*}/$new" </dev/null 2>/dev/null || echo 0
  fi
}

# Each job gets the new database by its own URL, whose driver may be another one.
job_variables=() job_urls=()
for job in ${own_jobs[@]+"${own_jobs[@]}"}; do
  job_variable='' job_url=''
  if [ "$to" = postgres ] || [ "$(sqlite_file_of "$job")" = "$file" ]; then
    job_variable=$(url_variable_of "$job") ||
      die "$job gets no URL, so it can't make its tables in a new database; nothing was changed"
    job_url=$MIGRATE_TARGET_URL
    if [ "$to" = postgres ]; then
      hold "$job" --no-deps || exit "$failure"
      own=$(docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$container" | sed -n "s/^$job_variable=//p")
      before_own=${own%%\?*}
      job_url=${before_own%/*}/$new${own#"$before_own"}
    fi
  fi
  job_variables+=("$job_variable")
  job_urls+=("$job_url")
done

state_format='{{.State.Status}} {{.State.ExitCode}} {{with .State.Health}}{{.Status}}{{end}}'

# make_tables SERVICE VARIABLE URL ENDS: it runs on the new database until it has made its tables: a job until it has
# ended well; another one until it is healthy, or has ended well, or where nobody looks at its health, for some seconds
# there were no more tables.
make_tables() {
  local state health=0 tables=0 now calm=0 deadline=$((SECONDS + 300))
  schema_maker=$(
    export "$2=$3"
    docker compose run --detach --no-deps --no-TTY --env "$2" --label "codelab-gen.started-by=$mark" \
      "$(service_of "$1")" </dev/null
  ) || die "$1 does not start; nothing was changed"
  schema_maker=${schema_maker##*$'\n'}
  while [ "$SECONDS" -lt "$deadline" ]; do
    state=$(docker inspect --format "$state_format" "$schema_maker")
    now=$(count_tables)
    if [ "$now" = "$tables" ]; then
      calm=$((calm + 1))
    else
      tables=$now calm=0
    fi
    health=${state##* }
    case $state in
    'exited 0 '*) [ -n "$4" ] || [ "$tables" -gt 0 ] && return ;;
    exited* | dead*) return 1 ;;
    *) ;;
    esac
    case $health$4 in
    healthy) [ "$tables" -gt 0 ] && return ;;
    unhealthy) return 1 ;;
    '') [ "$tables" -gt 0 ] && [ "$calm" -ge 5 ] && return ;;
    *) ;;
    esac
    sleep 1
  done
  return 1
}

# let_make SERVICE VARIABLE URL ENDS: the same, or the end of this.
let_make() {
  local failed
  say "$1 makes its tables"
  if ! make_tables "$@"; then
    failed=$schema_maker
    schema_maker=
    die "$1 did not make its tables in a new database; nothing was changed" \
      "what it says: docker logs $failed" "when that is not needed any more: docker rm --force $failed"
  fi
  docker stop "$schema_maker" >/dev/null
  docker rm --volumes "$schema_maker" >/dev/null
  schema_maker=
}

for index in ${own_jobs[@]+"${!own_jobs[@]}"}; do
  [ -z "${job_variables[index]}" ] ||
    let_make "${own_jobs[index]}" "${job_variables[index]}" "${job_urls[index]}" ends
done
let_make "$service" "$variable" "$MIGRATE_TARGET_URL" ''

say "copying from $source"
copy_rows copy || die "$service was not moved; source and target are as they were"

if [ "$to" = postgres ]; then
  old=$(short "$database" 26)_before_$stamp
  tables=$(in_server "$service" tables "$database" </dev/null)
  # One that never held a table is not kept; under this name the next run removes it, should this one be killed.
  [ "$tables" != 0 ] || old=${start}00000000_000000
  in_server "$service" swap "$database" "$new" "$old" </dev/null ||
    die "$database could not be replaced, and is as it was" 'who is still connected to it?'
  new=
  if [ "$tables" = 0 ]; then
    in_server "$service" remove "$old" </dev/null || true
  else
    printf '%s\n' "what $database was before stays as the database $old; it is removed by:" \
      "  scripts/db/psql.sh $service --command 'DROP DATABASE \"$old\"'"
  fi
  align_server
  let_go
  server_was_started='' stopped=()
  docker compose up --detach --wait "$(service_of "$service")" </dev/null ||
    die "the data of $service is moved, but it does not start with it" "docker compose logs $(service_of "$service")"
  printf '%s\n' "$service uses $database now; $source stays as it was"
else
  kept=$(in_service "$holder" replace "$file" "$new" "$stamp" </dev/null | before_of "$file") ||
    die "$file could not be replaced, and is as it was"
  [ -z "$kept" ] || printf '%s\n' "what $file was before stays as $kept"
  new='' stopped=()
  printf '%s\n' "$file holds the rows of $source now, which stays as it was" \
    "$service is stopped until it uses them:" \
    "  codelab-gen$options" \
    "  docker compose up -d --wait"
fi
