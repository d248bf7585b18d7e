#!/usr/bin/env bash
# Keeps backups of the PostgreSQL server with pgBackRest. It runs in a container of its own, which sees the server's data
# without writing there, and its socket; the server itself knows neither the place of the backups nor their key.
#
#   postgres.sh FUNCTION [ARGUMENT]...
set -euo pipefail
set +x # with `bash -x` a password could be printed
umask 077
export LC_ALL=C TZ=UTC

# Where the destination is, where a restored server stands, and where the server asks what is archived.
repository=/var/lib/pgbackrest work=/var/lib/pgbackrest-work marks=/var/run/postgresql/pgbackrest
state=$work/state

if [ "$(id -u)" = 0 ]; then
  # A folder of the host belongs to whoever has made it, or has copied it from another host.
  [ "${1:-}" != serve ] || find "$repository" "$work" ! -user postgres -exec chown postgres: {} +
  become=(setpriv --reuid=postgres --regid=postgres --init-groups)
  for program in gosu su-exec; do
    ! command -v "$program" >/dev/null || become=("$program" postgres)
  done
  exec "${become[@]}" bash "$0" "$@"
fi

# set_secret NAME: from itself, or from the file that NAME_FILE names.
set_secret() {
  local file=$1_FILE
  [ -z "${!file:-}" ] || printf -v "$1" %s "$(<"${!file}")"
}

set_secret POSTGRES_PASSWORD
set_secret BACKUP_KEY
export PGPASSWORD=${POSTGRES_PASSWORD:-}
export PGBACKREST_CONFIG=/dev/null PGBACKREST_STANZA=postgres PGBACKREST_LOCK_PATH=/tmp/pgbackrest
export PGBACKREST_SPOOL_PATH=/tmp/pgbackrest-spool PGBACKREST_LOG_LEVEL_FILE=off PGBACKREST_LOG_LEVEL_CONSOLE=off
export PGBACKREST_LOG_LEVEL_STDERR=warn PGBACKREST_PG1_PATH=$PGDATA PGBACKREST_PG1_USER=$POSTGRES_USER
export PGBACKREST_PG1_SOCKET_PATH=/var/run/postgresql PGBACKREST_REPO1_PATH=${PGBACKREST_REPO1_PATH:-$repository}
export PGBACKREST_REPO1_RETENTION_FULL_TYPE=time PGBACKREST_REPO1_RETENTION_FULL=$KEEP_DAYS
# What is read wrong twice is wrong, and a quarter of a minute later as well.
export PGBACKREST_JOB_RETRY=1
export PGBACKREST_START_FAST=y PGBACKREST_COMPRESS_TYPE=zst PGBACKREST_REPO1_BUNDLE=y
if [ -n "${BACKUP_KEY:-}" ]; then
  export PGBACKREST_REPO1_CIPHER_TYPE=aes-256-cbc PGBACKREST_REPO1_CIPHER_PASS=$BACKUP_KEY
fi

say() {
  printf 'backups: %s\n' "$*" >&2
}

# seconds_of TIME: of one like 03:15, since midnight.
seconds_of() {
  printf %s "$((10#${1%:*} * 3600 + 10#${1#*:} * 60))"
}

# ---- what the container does all the time

# serve: brings what the server has written to the destination at once, and makes a backup every day.
serve() {
  mkdir -p "$state" "$marks"
  rm -f "$state/ready" "$state/push_failed" "$marks/alive"
  remove_left
  trap 'rm -f "$marks/alive"' EXIT
  trap 'exit 143' TERM INT
  push &
  watch &
  while ! prepare; do
    sleep 10 &
    wait "$!"
  done
  touch "$state/ready"
  # Where the destination has nothing, what was noted is of another one.
  if all=$(listed) && [ -z "$all" ]; then
    rm -f "$state/good" "$state/first" "$state/drilled" "$state/drill_failed"
  fi
  while :; do
    last=$(cat "$state/good" 2>/dev/null) || last=
    if [ -z "$last" ] || [ -e "$state/failed" ] || [ "$(date +%s)" -ge "$(due "$last")" ]; then
      run_now || {
        # A failed backup is tried again soon, and not only at its hour.
        sleep 300 &
        wait "$!"
      }
    fi
    drill_in_time
    sleep 5 &
    wait "$!"
  done
}

# drill_in_time: a week after the last drill; the first one an hour after the first backup, which may be of an empty server;
# and six hours after one that failed.
drill_in_time() {
  local since=604800
  if [ -e "$state/drill_failed" ]; then
    [ -n "$(find "$state/drill_failed" -mmin +360)" ] || return 0
  else
    [ -e "$state/drilled" ] || {
      [ -e "$state/first" ] || cp "$state/good" "$state/first" 2>/dev/null || return 0
      since=3600
    }
    [ "$(($(date +%s) - $(cat "$state/drilled" 2>/dev/null || cat "$state/first")))" -ge "$since" ] || return 0
  fi
  say 'a drill begins'
  if (drill) >"$state/drill.new" 2>&1; then
    say 'the drill went well'
  else
    cat "$state/drill.new" >&2
  fi
  mv "$state/drill.new" "$state/drill"
}

# due LAST: the first time of the day's hour behind the last good backup.
due() {
  local at=$(($1 / 86400 * 86400 + $(seconds_of "$DAILY_AT")))
  [ "$at" -gt "$1" ] || at=$((at + 86400))
  printf %s "$at"
}

# failed REASON: from here on the container is unhealthy, until a backup has gone well.
failed() {
  [ "$1" = "$(cat "$state/failed" 2>/dev/null)" ] || say "$1"
  printf '%s\n' "$1" >"$state/failed"
  return 1
}

# prepare: the destination is there, and is that of this server. What another server has written there is never touched.
prepare() {
  local said
  pg_isready -q -h /var/run/postgresql -U "$POSTGRES_USER" -d postgres || return
  said=$(pgbackrest stanza-create 2>&1) && return
  case $said in
  *'do not match the database'* | *'already exists'*)
    failed "the destination holds the backups of another server, and stays as it is: $(first "$said")"
    ;;
  *) failed "the destination can't be used: $(first "$said")" ;;
  esac
}

# first TEXT: what of it says what went wrong, on one line.
first() {
  local text=${1#*ERROR: }
  tr -s ' \n' ' ' <<<"${text:0:400}" | printable
}

# printable: what is no plain text becomes a question mark. Messages quote what another key has made of a file.
printable() {
  tr -c '\n\040-\176' '?'
}

# is_bucket: whether the destination is reached over the network, and has no folder here.
is_bucket() {
  [ "${PGBACKREST_REPO1_TYPE:-}" = s3 ]
}

# adopt: the destination is from now on that of this server, after its data was restored from there.
adopt() {
  local link=$repository/backup/postgres/latest
  # Not every program that copies folders leaves a link a link; a bucket has none.
  [ ! -d "$link" ] || [ -L "$link" ] || rm -rf -- "$link"
  pgbackrest stanza-upgrade 2>&1 | printable >&2
  rm -f "$state/failed" "$state/good"
}

# watch: calls who is to be told when something fails, once a day while it does, and when it goes well again.
watch() {
  local said told='' when=0 now
  trap - EXIT
  [ -n "${WEBHOOK:-}${ON_FAILURE:-}" ] || return 0
  while :; do
    sleep 30
    now=$(date +%s)
    if said=$(healthy 2>&1); then
      said=''
      [ -z "$told" ] || ! call 'the backups go well again' || told=''
    elif said=$(head -n 1 <<<"$said" | printable) && { [ "$said" != "$told" ] || [ "$((now - when))" -ge 86400 ]; }; then
      ! call "the backups fail: $said" || told=$said when=$now
    fi
  done
}

# call MESSAGE: by the webhook, and by the command; neither gets a key of the backups or a password.
call() {
  local text status=0
  text=$(escaped "$1")
  # A URL may be a secret, and arguments are seen by all.
  [ -z "${WEBHOOK:-}" ] ||
    printf '{"text":"%s","content":"%s"}' "$text" "$text" |
    curl --disable --silent --fail --globoff --proto '=http,https' --max-time 30 --output /dev/null --data-binary @- \
      --header 'Content-Type: application/json' --config <(printf 'url = "%s"\n' "$(escaped "$WEBHOOK")") || {
    say 'the webhook could not be called'
    status=1
  }
  [ -z "${ON_FAILURE:-}" ] || without_keys BACKUP_MESSAGE="$1" timeout 60 bash -c "$ON_FAILURE" >&2 </dev/null || {
    say 'the command for failures failed'
    status=1
  }
  return "$status"
}

# escaped TEXT: as it stands between quotes, in JSON and for curl.
escaped() {
  printf %s "$1" | tr '[:cntrl:]' ' ' | sed 's/[\\"]/\\&/g'
}

# without_keys [NAME=VALUE]... COMMAND...: runs it with nothing in its environment that opens the backups or the server.
without_keys() {
  local name unset=()
  for name in $(compgen -e); do
    case $name in
    PGBACKREST_* | BACKUP_KEY | PGPASSWORD | POSTGRES_PASSWORD | WEBHOOK) unset+=(-u "$name") ;;
    *) ;;
    esac
  done
  env ${unset[@]+"${unset[@]}"} "$@"
}

# push: what the server has written, segment by segment. A mark tells the server that one is at the destination; until then
# it keeps it.
push() {
  local ready segment log=$PGDATA/pg_wal
  trap - EXIT
  while :; do
    touch "$state/alive"
    # Before, the server would wait for nothing.
    [ ! -e "$state/ready" ] || touch "$marks/alive"
    for ready in "$log"/archive_status/*.ready; do
      segment=${ready##*/}
      segment=${segment%.ready}
      if [ -e "$ready" ] && [ ! -e "$marks/$segment" ] && [ -e "$state/ready" ]; then
        if ! pgbackrest archive-push "$log/$segment" 2>"$state/push.new"; then
          printable <"$state/push.new" >&2
          mv "$state/push.new" "$state/push_failed"
          sleep 10
          break
        fi
        rm -f "$state/push_failed"
        touch "$marks/$segment" "$state/alive"
      fi
    done
    sleep 0.5
  done
}

# run_now: a backup, and what is in it.
run_now() {
  remove_left
  say 'a backup begins'
  backup || return
  date +%s >"$state/good.new" && mv "$state/good.new" "$state/good"
  say 'the backup is made'
  rm -f "$state/failed"
}

# backup: all of it every week, else what has changed since.
backup() {
  local type=incr said label
  [ ! -e "$state/push_failed" ] || {
    failed "the destination takes nothing: $(first "$(cat "$state/push_failed")")"
    return 1
  }
  newest_full_is_fresh || type=full
  said=$(pgbackrest --type="$type" backup 2>&1) || {
    failed "the backup failed: $(first "$said")"
    return 1
  }
  label=$(listed | tail -n 1 | cut -f 1)
  [ -n "$label" ] || {
    failed 'the destination does not tell of the backup that was made'
    return 1
  }
  [ -z "$(listed | tail -n 1 | cut -f 8)" ] || {
    failed "the server's data has pages whose checksums are wrong; they are in the backup $label as they are"
    return 1
  }
  # It is made, also where a service keeps a table locked for ever.
  note_rows "$label" || say "how many rows the backup $label has could not be counted: a drill compares none"
}

# note_rows LABEL: how many rows the tables have before and after a moment behind that backup. Where anything was written
# meanwhile, also how many rows of each table that were: it may have been filled and emptied between.
note_rows() {
  local point=codelab-gen-$1 before after now first last=''
  now=$(psql_here postgres <<<'SELECT pg_current_snapshot()') && first=$(written_all) && before=$(count_all) &&
    psql_here postgres <<<"SELECT pg_create_restore_point('$point') \\g /dev/null" && after=$(count_all) || return
  if [ "$now" != "$(psql_here postgres <<<'SELECT pg_current_snapshot()')" ]; then
    # What a session has written it tells after 10 seconds, where it does nothing else.
    sleep 11 &
    wait "$!"
    last=$(written_all) || return
  fi
  psql_here postgres <<<'SELECT pg_switch_wal() \g /dev/null' &&
    pgbackrest --set="$1" --annotation=point="$point" \
      --annotation=rows="$(packed "$(join_counts "$before" "$after" "$first" "$last")")" annotate 2> >(printable >&2)
}

newest_full_is_fresh() {
  local days=7 stop
  [ "$KEEP_DAYS" -ge 7 ] || days=$KEEP_DAYS
  stop=$(listed | awk -F '\t' '$2 == "full" { stop = $3 } END { print stop + 0 }')
  # An hour less than whole days, so that it is the same hour of a day.
  [ "$(($(date +%s) - stop))" -lt "$((days * 86400 - 3600))" ]
}

# listed: the backups, the oldest first: label, type, when it ended, bytes of the data, bytes at the destination, the moment
# at which its rows were counted, these, and whether pages in it are damaged.
listed() {
  local all
  all=$(pgbackrest --output=json info 2> >(printable >&2)) || return
  printf '%s\n' "$all" | awk '
    function of(text, key,   at) {
      at = index(text, "\"" key "\":")
      if (at == 0) return ""
      text = substr(text, at + length(key) + 3)
      sub(/^"/, "", text)
      match(text, /^[^",}\]]*/)
      return substr(text, 1, RLENGTH)
    }
    function noted(has, notes, key) {
      notes = has ? of(notes, key) : ""
      return notes == "" ? "-" : notes
    }
    {
      rest = $0
      while ((at = index(rest, "\"archive\":{\"start\"")) > 0) {
        one = rest
        rest = substr(rest, at + 10)
        before = substr(one, 1, at - 1)
        next_ = index(rest, "\"archive\":{\"start\"")
        body = next_ > 0 ? substr(rest, 1, next_ - 1) : rest
        notes = before
        while ((k = index(notes, "\"annotation\":")) > 0) notes = substr(notes, k + 13)
        has = index(before, "\"annotation\":") > 0
        if (of(body, "label") != "")
          printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", of(body, "label"), of(body, "type"),
            of(substr(body, index(body, "\"timestamp\":")), "stop"), of(substr(body, index(body, "},\"size\"")), "size"),
            of(substr(body, index(body, "\"repository\":")), "size"), noted(has, notes, "point"),
            noted(has, notes, "rows"), (index(body, "\"error\":true") > 0) ? "damaged" : ""
      }
    }'
}

# psql_here DATABASE: runs what standard input says, as the server's role.
psql_here() {
  PGOPTIONS='-c search_path=pg_catalog' psql --no-psqlrc --quiet --no-password --tuples-only --no-align \
    --set ON_ERROR_STOP=1 --host "${SOCKET_FOLDER:-/var/run/postgresql}" --username "$POSTGRES_USER" --dbname "$1"
}

# count_all: how many rows each table of the services' databases has: database, table, number.
count_all() {
  local database
  for database in $DATABASES; do
    [ "$(psql_here postgres <<<"SELECT count(*) FROM pg_database WHERE datname = '$database'")" = 1 ] || continue
    bash /scripts/postgres.sh count "$database" | sed "s/^rows/$database/" || return
  done | LC_ALL=C sort
}

# written_all: how many rows were ever written to each table, and the file that it is in, which TRUNCATE changes.
written_all() {
  local database
  for database in $DATABASES; do
    [ "$(psql_here postgres <<<"SELECT count(*) FROM pg_database WHERE datname = '$database'")" = 1 ] || continue
    psql_here "$database" <<<"COPY (SELECT nspname || '.' || relname, relfilenode,
  pg_stat_get_tuples_inserted(pg_class.oid) + pg_stat_get_tuples_deleted(pg_class.oid)
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE relkind = 'r') TO STDOUT" |
      sed "s/^/$database"$'\t/' || return
  done
}

# join_counts BEFORE AFTER FIRST LAST: the tables that were there both times, with both numbers, and how many rows were
# written between, `-` where that is not known.
join_counts() {
  awk -F '\t' '
    FNR == 1 { input++ }
    $0 == "" { next }
    { table = $1 FS $2 }
    input == 1 { before[table] = $3 }
    input == 2 { file[table] = $3; written[table] = $4 }
    input == 3 { is_last[table] = 1; more[table] = $3 == file[table] && $4 >= written[table] ? $4 - written[table] : "-" }
    input == 4 && table in before { print table FS before[table] FS $3 FS (table in is_last ? more[table] : 0) }' \
    <(printf '%s\n' "$1") <(printf '%s\n' "$3") <(printf '%s\n' "$4") <(printf '%s\n' "$2")
}

# packed COUNTS: as one word, of every second table as often as it takes to fit: a program takes 128 KiB in one word, and a
# service may make as many tables as it likes.
packed() {
  local counts=$1 word
  while word=$(printf %s "${counts:+$counts$'\n'}" | gzip -9 | base64 -w 0) && [ "${#word}" -gt 100000 ]; do
    counts=$(awk 'NR % 2' <<<"$counts")
  done
  printf %s "$word"
}

# ---- what is asked of it

# healthy: for the health check. Says why it is not.
healthy() {
  local oldest
  if [ -e "$state/failed" ]; then
    cat "$state/failed"
    return 1
  fi
  if [ -e "$state/drill_failed" ]; then
    echo 'a drill has failed: what was restored is not what was backed up, or could not be asked'
    return 1
  fi
  [ -n "$(find "$state/alive" -mmin -10 2>/dev/null)" ] || {
    echo 'nothing brings what the server writes to the destination'
    return 1
  }
  oldest=$(find "$PGDATA/pg_wal/archive_status" -name '*.ready' -mmin +10 | wc -l)
  [ "$oldest" = 0 ] || {
    echo "the archive is behind: $oldest segments have waited for more than 10 minutes"
    return 1
  }
}

# status: for doctor: how many seconds ago the last good backup and the last good drill were, how many segments wait, and in
# how many days the destination is full, where that is before the oldest backups go.
status() {
  local now used free days first
  now=$(date +%s)
  [ ! -e "$state/good" ] || printf 'backup\t%s\n' "$((now - $(cat "$state/good")))"
  [ ! -e "$state/drilled" ] || printf 'drill\t%s\n' "$((now - $(cat "$state/drilled")))"
  [ ! -e "$state/failed" ] || printf 'failed\t%s\n' "$(head -n 1 "$state/failed")"
  [ ! -e "$state/drill_failed" ] || printf 'drill_failed\n'
  printf 'behind\t%s\n' "$(find "$PGDATA/pg_wal/archive_status" -name '*.ready' | wc -l)"
  # How much room there is only the disk of a folder tells.
  ! is_bucket || return 0
  first=$(listed | head -n 1 | cut -f 3) || first=
  [ -n "$first" ] || return 0
  days=$(((now - first) / 86400 + 1))
  used=$(du -sk "$repository" | cut -f 1)
  free=$(df -Pk "$repository" | awk 'NR == 2 { print $4 }')
  [ "$days" -ge "$KEEP_DAYS" ] || [ "$((used * (KEEP_DAYS - days) / days))" -le "$free" ] ||
    printf 'full\t%s\n' "$((free * days / (used + 1)))"
}

# list: which moments can be restored.
list() {
  local label type stop size stored point first='' end _
  end=$(archived_until) || end=
  while IFS=$'\t' read -r label type stop size stored point _; do
    [ -n "$first" ] || first=$stop
    [ "$point" = - ] || point=counted
    printf '%s  %-4s  %s MB, %s MB stored  %s\n' "$(moment "$stop")" "$type" "$((size / 1000000))" \
      "$((stored / 1000000))" "${point#-}"
  done < <(listed)
  [ -n "$first" ] || {
    say 'there is no backup yet'
    return 1
  }
  printf 'any second from %s%s\n' "$(moment "$first")" "${end:+ to $end}"
}

# moment SECONDS
moment() {
  date -u -d "@$1" '+%Y-%m-%d %H:%M:%S' 2>/dev/null || date -u -D %s -d "$1" '+%Y-%m-%d %H:%M:%S'
}

# archived_until: when the server last said that a segment is archived.
archived_until() {
  psql_here postgres <<<"SELECT to_char(last_archived_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') FROM pg_stat_archiver" \
    2>/dev/null
}

# note_now: what was written until now is at the destination soon; a transaction behind it tells where a moment ends.
note_now() {
  local segment waited=0 longest
  segment=$(psql_here postgres <<<'SELECT pg_current_xact_id() \g /dev/null
SELECT pg_walfile_name(pg_switch_wal())' 2>/dev/null) || return 0
  until [ -e "$PGDATA/pg_wal/archive_status/$segment.done" ] || [ ! -e "$PGDATA/pg_wal/$segment" ]; do
    longest=600
    if [ ! -e "$state/ready" ] || [ -e "$state/push_failed" ]; then
      # Nothing is brought there: where the destination was refused, nothing will be; else it is tried again soon.
      longest=150
      [ -e "$state/ready" ] || [ ! -e "$state/failed" ] || return 0
    fi
    waited=$((waited + 1))
    [ "$waited" -lt "$longest" ] || return 0
    sleep 0.1
  done
}

# bring NAME TARGET [ARGUMENT]...: restores into a folder of that name, and starts a server there that nobody reaches but by
# its socket, which is in the same folder. Without a target it goes as far as the archive does.
bring() {
  local folder=$work/$1 said
  rm -rf -- "$folder"
  mkdir -p "$folder/data"
  printf '%s\n' "$$" >"$folder/of"
  said=$(pgbackrest --pg1-path="$folder/data" "${@:2}" restore 2>&1) || {
    say "it could not be restored: $(first "$said")"
    return 1
  }
  echo 'local all all trust' >"$folder/hba"
  start_without_keys "$folder" && return
  if grep -q 'recovery ended before configured recovery target was reached' "$folder/log" && [[ " $* " == *' --type=time '* ]]; then
    # Nothing was written behind that moment, or it did not get to the destination.
    echo "recovery_target_time = ''" >>"$folder/data/postgresql.auto.conf"
    if start_without_keys "$folder"; then
      say 'nothing later than that moment is at the destination: what may have been written shortly before is not in it'
      return
    fi
  fi
  say "the restored server does not start: $(grep -E 'FATAL|PANIC' "$folder/log" | tail -n 1 | printable)"
  return 1
}

# bring_back NAME TIME: the server as it was at a moment, or at the last one that there is.
bring_back() {
  local name=$1 time=${2/T/ } ends
  note_now
  if [ "$time" = latest ]; then
    bring "$name" --type=default || return
  else
    case $time in
    *Z) time=${time%Z}+00 ;;
    *[+-][0-9][0-9] | *[+-][0-9][0-9][0-9][0-9] | *[+-][0-9][0-9]:[0-9][0-9]) [[ $time == *:*[+-]* ]] || time+=+00 ;;
    *) time+=+00 ;;
    esac
    case $time in
    *:*:*) ;;
    *) time=${time:0:16}:00${time:16} ;;
    esac
    bring "$name" --type=time --target="$time" --target-action=promote || return
  fi
  ends=$(last_change "$name")
  say "restored; the last change in it is of ${ends:-the time of the backup}"
}

# start_without_keys FOLDER: what brings the server its log reads the key; what runs in it afterwards does not.
start_without_keys() {
  start_server "$1" env -u BACKUP_KEY -u PGPASSWORD -u POSTGRES_PASSWORD || return
  pg_ctl --silent --mode=fast --timeout=600 --pgdata="$1/data" stop >/dev/null && start_server "$1" without_keys
}

# start_server FOLDER COMMAND [ARGUMENT]...: the command runs what follows it.
start_server() {
  local options preloaded prepared
  # A list may have spaces, and pg_ctl gives the options to a shell.
  printf -v preloaded %q "${PRELOADED:-}"
  printf -v prepared %q "${PREPARED:-}"
  options="-c listen_addresses= -c unix_socket_directories=$1 -c hba_file=$1/hba -c archive_mode=off -c hot_standby=off"
  options+=" -c shared_buffers=64MB -c fsync=off -c logging_collector=off -c log_destination=stderr -c ssl=off -c log_min_messages=warning"
  options+=" -c shared_preload_libraries=$preloaded -c autovacuum=off -c log_timezone=UTC"
  [ -z "${PREPARED:-}" ] || options+=" -c max_prepared_transactions=$prepared"
  # A service that is the server's superuser may have written settings by which something of its own runs in here.
  options+=" -c session_preload_libraries= -c local_preload_libraries= -c archive_cleanup_command= -c recovery_end_command="
  options+=" -c jit=off -c max_logical_replication_workers=0 -c external_pid_file="
  [ "$(<"$1/data/PG_VERSION")" -lt 17 ] || options+=" -c event_triggers=off"
  # It lets in who comes to its socket.
  "${@:2}" pg_ctl --silent --no-wait --pgdata="$1/data" --log="$1/log" --options="$options" start >/dev/null
  sleep 0.5
  until pg_isready -q -h "$1" -U "$POSTGRES_USER" -d postgres; do
    pg_ctl --pgdata="$1/data" status >/dev/null || return 1
    sleep 0.2
  done
}

# last_change NAME: when the last transaction ended that was restored.
last_change() {
  sed -n "s/.*last completed transaction was at log time \([0-9: .-]*\).*/\1/p" "$work/$1/log" | tail -n 1 | cut -c 1-19
}

# let_go NAME: ends that server, and removes its data.
let_go() {
  [ ! -e "$work/$1/data/postmaster.pid" ] || pg_ctl --silent --mode=immediate --pgdata="$work/$1/data" stop || true
  rm -rf -- "${work:?}/$1"
}

# remove_left: what killed runs have left; one that goes on touches its folder.
remove_left() {
  find "$work" -mindepth 1 -maxdepth 1 -type d ! -name state -mmin +4320 -exec rm -rf {} +
}

# drill: restores the newest backup, compares it with what was counted, and prints a report.
drill() {
  local label type stop size stored point rows begun=$SECONDS name=drill-${HOSTNAME:-}-$$ status=0 target=(--type=immediate) _
  IFS=$'\t' read -r label type stop size stored point rows _ < <(listed | tail -n 1) || {
    say 'there is no backup yet'
    return 1
  }
  # shellcheck disable=SC2064 # the name is known now
  trap "let_go $name" EXIT
  printf '%s\t%s\n' time "$(moment "$(date +%s)")" backup "$label" made "$(moment "$stop")" bytes "$size" stored "$stored"
  # Without a moment at which rows were counted it goes to the end of the backup.
  [ "$point" = - ] || target=(--type=name --target="$point")
  bring "$name" --set="$label" "${target[@]}" --target-action=promote || status=1
  printf 'seconds_to_restore\t%s\n' "$((SECONDS - begun))"
  if [ "$status" = 0 ]; then
    if [ "$point" = - ]; then
      printf 'counted\tno\n'
    else
      compare "$name" "$rows" || status=1
    fi
    ask_services "$name" || status=1
  fi
  let_go "$name"
  trap - EXIT
  printf 'behind\t%s\n' "$(find "$PGDATA/pg_wal/archive_status" -name '*.ready' 2>/dev/null | wc -l)"
  printf 'seconds\t%s\n' "$((SECONDS - begun))"
  if [ "$status" = 0 ]; then
    printf 'result\tgood\n'
    date +%s >"$state/drilled"
    rm -f "$state/drill_failed"
  else
    printf 'result\tfailed\n'
    touch "$state/drill_failed"
  fi
  return "$status"
}

# compare NAME ROWS: each table has as many rows as were counted before and after the moment, or a number between; or as
# many more or fewer as were written meanwhile.
compare() {
  local found expected
  export SOCKET_FOLDER=$work/$1
  found=$(count_all) || {
    say 'the restored data could not be read'
    return 1
  }
  unset SOCKET_FOLDER
  expected=$(base64 -d <<<"$2" | gunzip) || return
  awk -F '\t' '
    NR == FNR { found[$1 FS $2] = $3; next }
    {
      tables++
      low = $3 < $4 ? $3 : $4
      high = $3 < $4 ? $4 : $3
      slack = $5 + 0 > high - low ? $5 + 0 : high - low
      is_there = ($1 FS $2) in found
      number = found[$1 FS $2] + 0
      rows += number
      if (!is_there || $5 != "-" && (number < low - slack || number > high + slack)) {
        wrong++
        print "differs" FS $1 FS $2 FS $3 FS $4 FS (is_there ? number : "missing")
      }
    }
    END {
      print "tables" FS tables + 0
      print "rows" FS rows + 0
      exit wrong > 0
    }' <(printf '%s\n' "$found") <(printf '%s\n' "$expected")
}

# ask_services NAME: the statement of each service that has one, as its own role; it must answer with `t`.
ask_services() {
  local service role database statement answer status=0
  while IFS=$'\t' read -r service role database statement; do
    [ -n "$service" ] || continue
    answer=$(PGOPTIONS='-c statement_timeout=600s' psql --no-psqlrc --quiet --no-password --tuples-only --no-align --host "$work/$1" --username "$role" \
      --dbname "$database" --command "$statement" 2>&1) || true
    if [ "$answer" = t ]; then
      printf 'check\t%s\tgood\n' "$service"
    else
      printf 'check\t%s\tfailed\t%s\n' "$service" "$(head -n 1 <<<"$answer" | tr -d '[:cntrl:]' | cut -c 1-200)"
      status=1
    fi
  done <<<"${CHECKS:-}"
  return "$status"
}

"$@"
