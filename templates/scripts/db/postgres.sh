#!/usr/bin/env bash
# What the scripts do beside PostgreSQL's own programs: in the server's container, whose versions are always the right
# ones, or for a server elsewhere in a container of the profile's image. The other scripts bring it there; it does
# nothing of use on the host.
#
#   postgres.sh FUNCTION [ARGUMENT]...
set -euo pipefail
set +x # with `bash -x` a password could be printed
export LC_ALL=C PGCLIENTENCODING=UTF8

# A database that always exists, and that nobody restores but who has no other one.
maintenance_database=postgres
# How long a lock is waited for, which a service may hold for ever, in seconds.
patience=10

# Who owns a database, or is a role, decides how its sessions begin, but not against what comes with the connection:
# where names are looked up, as whom it runs, what it loads, how it reads SQL, when it ends.
steering=(
  search_path=pg_catalog role=none row_security=off local_preload_libraries=
  standard_conforming_strings=on backslash_quote=safe_encoding quote_all_identifiers=off transform_null_equals=off
  array_nulls=on check_function_bodies=on client_min_messages=warning
  'default_transaction_isolation=read\ committed' default_transaction_read_only=off default_transaction_deferrable=off
  default_tablespace= temp_tablespaces= default_table_access_method=heap vacuum_cost_delay=0
  default_statistics_target=100 statement_timeout=0 lock_timeout=0 idle_in_transaction_session_timeout=0
  idle_session_timeout=0 debug_print_parse=off debug_print_rewritten=off debug_print_plan=off
)

if [ -n "${POSTGRES_USER:-}" ]; then
  # Settings made for other programs would lead psql away from the server in this container.
  unset PGHOST PGHOSTADDR PGPORT PGSERVICE PGOPTIONS PGDATABASE
  export PGUSER="$POSTGRES_USER"
  # Where the image has its socket elsewhere than its programs look for it.
  [ -z "${SOCKET_FOLDER:-}" ] || export PGHOST="$SOCKET_FOLDER"
  # Asked for only where the volume was made with `local_auth: password`.
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    POSTGRES_PASSWORD=$(<"$POSTGRES_PASSWORD_FILE")
  fi
  export PGPASSWORD="${POSTGRES_PASSWORD:-}"

  version=$(psql --version)
  version=${version#*) }
  version=${version%%[!0-9]*}
  [ "$version" -lt 17 ] || steering+=(transaction_timeout=0)
  printf -v options_of_role ' -c %s' "${steering[@]}"
  # What only a superuser may set, and only he could have set for a database.
  [ "$version" -lt 17 ] || steering+=(event_triggers=off)
  steering+=(session_preload_libraries= lc_messages=C "lock_timeout=${patience}s")
  printf -v PGOPTIONS ' -c %s' "${steering[@]}"
  export PGOPTIONS
fi

# log_in ROLE VARIABLE DATABASE: from here on as the role, which can't become anybody else, whatever is run. Its
# password is in PASSWORD, or in the variable or the file that the container has.
log_in() {
  local file=$2_FILE
  export PGUSER=$1 PGPASSWORD="${PASSWORD:-${!2:-}}"
  if [ -z "$PGPASSWORD" ] && [ -n "${!file:-}" ]; then
    PGPASSWORD=$(<"${!file}")
  fi
  PGOPTIONS=$options_of_role
  # Where the socket wants another proof than a password, TCP does not.
  psql --no-psqlrc --no-password --dbname "$3" --command '' >/dev/null 2>&1 || export PGHOST=127.0.0.1
}

# ask DATABASE: runs the SQL on its standard input and stops at the first error.
# Names come in as environment variables, which psql reads with \getenv and quotes by itself.
ask() {
  psql --no-psqlrc --quiet --no-password --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname "$1" \
    --command 'SET search_path = pg_catalog' --file -
}

# Limits that are made for services would end what takes long here.
unlimited="SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('statement_timeout',
  'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout') \\g /dev/null
SET lock_timeout = '${patience}s';"

# The tables of people, each as `rows` and its name, and behind all of them as many numbers; count_rows puts them together.
# A part of a partitioned table is a table. COPY escapes what would break a line. Without row_security a policy would be
# an error, and no silent filter.
# No query of the superuser reads a table of a service: the planner already runs what stands in its indexes. COPY of a
# table plans nothing, and takes no view that has come into its place meanwhile. Of what it puts out, one line a row,
# nothing is kept but line ends, and a tab where a table ends.
of_people="FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
ORDER BY nspname, relname"
rows="SET row_security = off;
SELECT format('COPY (SELECT ''rows'', %L) TO STDOUT', nspname || '.' || relname) $of_people \\gexec
\\o |tr -cd '\\n\\t' | awk '/\\t/ { printf \"%.0f\\n\", rows; rows = 0; next } { rows++ }'
SELECT format('COPY %I.%I%s TO STDOUT', nspname, relname, (
  SELECT format(' (%I)', attname) FROM pg_attribute
  WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
  ORDER BY attlen < 0, attlen, attnum LIMIT 1
)), 'COPY (SELECT '''', '''') TO STDOUT' $of_people \\gexec
\\o
\\echo"

# All that is counted is counted as of one moment.
one_moment='BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;'

# count_rows: standard input has what `rows` prints; prints one line for each table, its name and how many. An empty line
# is the end, without which it was cut off. What of control characters COPY leaves as it is, is escaped here.
count_rows() {
  local line names=() at=0 code escape character
  while IFS= read -r line; do
    case $line in
    '') return ;;
    rows$'\t'*)
      line=${line#*$'\t'}
      for ((code = 1; code < 128; code += code == 31 ? 96 : 1)); do
        [[ $line == *[[:cntrl:]]* ]] || break
        printf -v escape '\\x%02x' "$code"
        printf -v character %b "$escape"
        line=${line//"$character"/"$escape"}
      done
      names+=("rows"$'\t'"$line")
      ;;
    version$'\t'*) printf '%s\n' "$line" ;;
    *)
      printf '%s\t%s\n' "${names[at]}" "$line"
      at=$((at + 1))
      ;;
    esac
  done
  [ "$at" = "${#names[@]}" ] || echo "${names[at]#rows$'\t'} could not be counted" >&2
  return 1
}

# count DATABASE: how many rows its tables have, as of one moment.
count() {
  { printf '%s\n' "$unlimited" "$one_moment" "$rows" | ask "$1"; } | count_rows
}

# exists DATABASE: ends with 4 where it does not, which psql itself never does.
exists() {
  local count
  count=$(
    NAME=$1 ask "$maintenance_database" <<'SQL'
\getenv name NAME
SELECT count(*) FROM pg_database WHERE datname = :'name';
SQL
  )
  [ "$count" = 1 ] || exit 4
}

# dump DATABASE SECONDS [OPTION]...: facts, an empty line, and the archive, all as of one moment. It does not take longer than that.
# The session that counts also holds the snapshot that pg_dump reads, so that both see the same rows.
dump() {
  local snapshot ask answer
  coproc session { ask "$1"; }
  # shellcheck disable=SC2154 # coproc sets it
  ask=${session[1]} answer=${session[0]}
  printf '%s\n' "$unlimited" "SET statement_timeout = '$2s';" "$one_moment" 'SELECT pg_export_snapshot();' >&"$ask"
  IFS= read -r snapshot <&"$answer"
  printf '%s\n' "SELECT E'version\\t' || split_part(current_setting('server_version'), ' ', 1);" "$rows" >&"$ask"
  count_rows <&"$answer"
  echo
  export PGAPPNAME=codelab-gen-$$-$RANDOM
  timeout -s INT "$2" pg_dump --format=custom --snapshot="$snapshot" --lock-wait-timeout="${patience}000" --no-password \
    "${@:3}" --dbname="$1" &
  watch "$!"
}

# watch PID: waits for pg_dump, which takes off lock_timeout, and does what it is told for tables alone. Where it waits for
# the lock of anything else, such as a sequence, it is ended here.
watch() {
  local asked=$SECONDS since='' is_held
  while kill -0 "$1" 2>/dev/null; do
    sleep 0.1
    [ "$SECONDS" != "$asked" ] || continue
    asked=$SECONDS
    printf '%s\n' 'SELECT pg_stat_clear_snapshot() \g /dev/null' "SELECT count(*) FROM pg_stat_activity
      WHERE application_name = '$PGAPPNAME' AND wait_event_type = 'Lock';" >&"$ask"
    IFS= read -r is_held <&"$answer" || break
    [ "$is_held" != 0 ] || since=''
    [ "$is_held" = 0 ] || since=${since:-$SECONDS}
    if [ -n "$since" ] && [ "$((SECONDS - since))" -ge "$patience" ]; then
      echo "a lock that somebody holds was waited for $patience seconds" >&2
      kill "$1"
      break
    fi
  done
  wait "$1"
}

# roles: the SQL that makes the roles, without their passwords.
roles() {
  pg_dumpall --roles-only --no-role-passwords --no-password --database="$maintenance_database"
}

# read_archive: reads the archive on standard input to its end.
read_archive() {
  pg_restore --file=/dev/null
}

# read_list: whether the programs here understand the archive on standard input.
read_list() {
  pg_restore --list >/dev/null
}

# psql_commands: of the archive on standard input, lines that psql would take for commands of its own, such as \!, if
# somebody gave it the archive's text: what begins outside of quotes and comments. pg_dump writes \restrict only.
psql_commands() {
  pg_restore --schema-only --file=- | awk '
    function past(mark) {
      at = index(rest, mark)
      if (at == 0) return 0
      rest = substr(rest, at + length(mark))
      return 1
    }
    {
      rest = $0
      while (rest != "") {
        if (inside == "E") {
          if (!match(rest, /[\\\047]/)) break
          escaped = substr(rest, RSTART, 1) == "\\"
          rest = substr(rest, RSTART + 1 + escaped)
          if (!escaped) inside = ""
        } else if (inside == "*") {
          if (!match(rest, /\*\/|\/\*/)) break
          depth += substr(rest, RSTART, 1) == "/" ? 1 : -1
          rest = substr(rest, RSTART + 2)
          if (depth == 0) inside = ""
        } else if (inside != "") {
          if (!past(inside)) break
          inside = ""
        } else {
          if (!match(rest, /[\\\047"$]|--|\/\*/)) break
          before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : ""
          two = RSTART > 2 ? substr(rest, RSTART - 2, 1) : ""
          rest = substr(rest, RSTART)
          first = substr(rest, 1, 1)
          if (first == "-") break
          if (first == "\\") {
            if ($0 !~ /^\\(un)?restrict [A-Za-z0-9]+$/ && found++ < 3) print substr($0, 1, 200)
            break
          }
          if (first == "/") {
            inside = "*"
            depth = 1
            rest = substr(rest, 3)
          } else if (first == "$") {
            if (before !~ /[A-Za-z0-9_$]/ && match(rest, /^\$([A-Za-z_][A-Za-z0-9_]*)?\$/)) {
              inside = substr(rest, 1, RLENGTH)
              rest = substr(rest, RLENGTH + 1)
            } else rest = substr(rest, 2)
          } else {
            inside = first == "\047" && before ~ /[Ee]/ && two !~ /[A-Za-z0-9_$]/ ? "E" : first
            rest = substr(rest, 2)
          }
        }
      }
    }'
}

# make_roles: those of ROLES, lines of names as pg_dumpall quotes them, that the server does not have. They own nothing
# and can't log in, but rights may be granted to them. What is more than a name makes no role.
make_roles() {
  ask "$maintenance_database" <<'SQL'
\getenv roles ROLES
SELECT format('CREATE ROLE %I NOLOGIN', name)
FROM regexp_split_to_table(:'roles', E'\n') AS line
CROSS JOIN LATERAL (
  SELECT CASE WHEN line LIKE '"%' THEN replace(substr(line, 2, length(line) - 2), '""', '"') ELSE line END
) AS plain (name)
WHERE line ~ '^("([^"]|"")+"|[a-z_][a-z0-9_$]*)$' AND name !~ '^pg_' AND name NOT IN ('public', 'none')
  AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
SQL
}

# may_make: whether the role may make databases.
may_make() {
  local may
  may=$(ask "$maintenance_database" <<<'SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user')
  [ "$may" = t ]
}

# What CREATE DATABASE must say for the collation of the database whose name is the variable name of psql.
nature="SELECT coalesce((
  SELECT format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate, datctype)
    || CASE datlocprovider
      WHEN 'i' THEN ' LOCALE_PROVIDER icu ICU_LOCALE ' || locale
      WHEN 'b' THEN ' LOCALE_PROVIDER builtin BUILTIN_LOCALE ' || locale
      ELSE ' LOCALE_PROVIDER libc'
    END
    || coalesce(' ICU_RULES ' || quote_literal(facts ->> 'daticurules'), '')
  FROM pg_database CROSS JOIN LATERAL to_jsonb(pg_database) AS facts
  -- since PostgreSQL 17 it is called datlocale
  CROSS JOIN LATERAL quote_literal(coalesce(facts ->> 'datlocale', facts ->> 'daticulocale')) AS locale
  WHERE datname = :'name'
), 'ENCODING ''UTF8''') AS nature \\gset"

# make DATABASE NEW: an empty database with the collation of DATABASE. It is ours until it is given to somebody.
make() {
  NAME=$1 NEW=$2 ask "$maintenance_database" <<SQL
\\getenv name NAME
\\getenv new NEW
$nature
SELECT format('CREATE DATABASE %I TEMPLATE template0 ', :'new') || :'nature' \\gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'new')
FROM pg_database WHERE datname = :'name' AND datacl IS NOT NULL \\gexec
SQL
}

# take PREPARED NEW: a database that an administrator has made for the role becomes NEW; ends with 4 where there is none.
take() {
  local is_there
  is_there=$(
    NAME=$1 ask "$maintenance_database" <<'SQL'
\getenv name NAME
SELECT count(*) FROM pg_database WHERE datname = :'name' AND pg_has_role(datdba, 'USAGE');
SQL
  )
  [ "$is_there" = 1 ] || exit 4
  if [ "$(tables "$1")" != 0 ]; then
    echo "the database $1, which was made for this, has tables already" >&2
    return 1
  fi
  NAME=$1 NEW=$2 ask "$maintenance_database" <<'SQL'
\getenv name NAME
\getenv new NEW
ALTER DATABASE :"name" RENAME TO :"new";
SQL
}

# to_prepare DATABASE NEW PREPARED: the statements by which an administrator makes PREPARED, where FOUND has extensions
# that NEW has not and that the role may not make.
to_prepare() {
  local statements
  statements=$(
    ask "$2" <<'SQL'
\getenv found FOUND
SELECT format('CREATE EXTENSION %I CASCADE;', names[1])
FROM regexp_split_to_table(:'found', E'\n') WITH ORDINALITY AS line (text, place)
CROSS JOIN LATERAL regexp_match(text, '^CREATE EXTENSION IF NOT EXISTS ("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*) ') AS quoted
CROSS JOIN LATERAL (
  SELECT array_agg(CASE WHEN q LIKE '"%' THEN replace(substr(q, 2, length(q) - 2), '""', '"') ELSE q END)
  FROM unnest(quoted) AS part (q)
) AS plain (names)
JOIN pg_available_extensions AS known ON known.name = names[1]
JOIN pg_available_extension_versions AS own ON own.name = known.name AND own.version = known.default_version
WHERE own.superuser AND NOT own.trusted AND current_setting('is_superuser') = 'off'
  AND NOT EXISTS (SELECT FROM pg_extension WHERE extname = known.name)
ORDER BY place;
SQL
  )
  [ -n "$statements" ] || return 0
  NAME=$1 NEW=$3 ask "$maintenance_database" <<SQL
\\getenv name NAME
\\getenv new NEW
$nature
SELECT format('CREATE DATABASE %I TEMPLATE template0 OWNER %I ', :'new', current_user) || :'nature' || ';';
SELECT '\\connect ' || quote_ident(:'new');
SQL
  printf '%s\n' "$statements"
}

# majors: the major version of the server, and that of the programs here.
majors() {
  local programs
  programs=$(pg_restore --version)
  programs=${programs#*) }
  printf '%s %s\n' "$(ask "$maintenance_database" <<<"SELECT current_setting('server_version_num')::int / 10000")" \
    "${programs%%[!0-9]*}"
}

# add_extensions NEW OWNER: those of FOUND, lines as pg_dump writes them, of which only the names are taken. What an
# extension runs is run as who makes it: so it comes first, before anybody else has made anything in the database.
# Prints those that the server does not have.
add_extensions() {
  OWNER=$2 ask "$1" <<'SQL'
\getenv found FOUND
\getenv owner OWNER
CREATE TEMPORARY TABLE wanted AS
SELECT place, names[1] AS extension, CASE WHEN names[2] ~ '^pg_' THEN 'public' ELSE names[2] END AS wished,
  known.name IS NOT NULL AS is_there, own.schema IS NOT NULL AS is_fixed
FROM regexp_split_to_table(:'found', E'\n') WITH ORDINALITY AS line (text, place)
CROSS JOIN LATERAL regexp_match(text, '^CREATE EXTENSION IF NOT EXISTS ("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)'
  ' WITH SCHEMA ("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*);$') AS quoted
CROSS JOIN LATERAL (
  SELECT array_agg(CASE WHEN q LIKE '"%' THEN replace(substr(q, 2, length(q) - 2), '""', '"') ELSE q END ORDER BY nth)
  FROM unnest(quoted) WITH ORDINALITY AS part (q, nth)
) AS plain (names)
LEFT JOIN pg_available_extensions AS known ON known.name = names[1]
LEFT JOIN pg_available_extension_versions AS own ON own.name = known.name AND own.version = known.default_version
WHERE quoted IS NOT NULL AND names[1] <> 'plpgsql';
SELECT extension FROM wanted WHERE NOT is_there;
CREATE TEMPORARY TABLE made AS
SELECT DISTINCT wished FROM wanted
WHERE is_there AND NOT is_fixed AND NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = wished);
SELECT format('CREATE SCHEMA %I', wished) FROM made \gexec
SELECT format('CREATE EXTENSION IF NOT EXISTS %I%s CASCADE', extension,
  CASE WHEN is_fixed THEN '' ELSE format(' SCHEMA %I', wished) END)
FROM wanted WHERE is_there ORDER BY place \gexec
SELECT format('ALTER SCHEMA %I OWNER TO %I', wished, :'owner') FROM made \gexec
SQL
}

# list_extensions: of the archive on standard input, the lines of its list that are extensions.
list_extensions() {
  pg_restore --list | sed -n '/^[0-9]*; [0-9]* [0-9]* EXTENSION - /p'
  cat >/dev/null
}

# show_extensions: how the archive on standard input makes the extensions whose lines are FOUND.
show_extensions() {
  pg_restore --use-list=<(printf '%s\n' "$FOUND") --file=- |
    sed -n '/^CREATE EXTENSION IF NOT EXISTS .* WITH SCHEMA .*;$/p'
}

# extensions_of DATABASE: the same of a database.
extensions_of() {
  ask "$1" <<'SQL'
SELECT format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I;', extname, nspname)
FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
WHERE extname <> 'plpgsql' ORDER BY pg_extension.oid;
SQL
}

# give NEW OWNER: the database becomes the owner's. Until it is settled messages are in English, and the limit that the
# service has for temporary files is none for the indexes of a restore.
give() {
  NEW=$1 OWNER=$2 ask "$maintenance_database" <<'SQL'
\getenv new NEW
\getenv owner OWNER
SELECT format('ALTER DATABASE %I SET lc_messages = ''C''', :'new')
WHERE current_setting('is_superuser') = 'on' \gexec
SELECT format('ALTER ROLE %I IN DATABASE %I SET temp_file_limit = -1', :'owner', :'new')
WHERE current_setting('is_superuser') = 'on' \gexec
SELECT format('ALTER DATABASE %I OWNER TO %I', datname, :'owner')
FROM pg_database WHERE datname = :'new' AND pg_get_userbyid(datdba) <> :'owner' \gexec
SQL
}

# settle DATABASE NEW: NEW gets what belongs to DATABASE itself: its rights, settings and limit. A setting's value is a
# text, which is quoted, or a list, which PostgreSQL takes from the session. One that can't be set is told.
settle() {
  NAME=$1 NEW=$2 ask "$maintenance_database" <<'SQL' >/dev/null
\getenv name NAME
\getenv new NEW
SELECT CASE setrole WHEN 0 THEN format('ALTER DATABASE %I RESET ALL', datname)
  ELSE format('ALTER ROLE %I IN DATABASE %I RESET ALL', pg_get_userbyid(setrole), datname) END
FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = :'new' \gexec
SELECT format('GRANT %s ON DATABASE %I TO %s%s', privilege_type, :'new',
  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
  CASE WHEN is_grantable AND grantee <> 0 THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_database CROSS JOIN aclexplode(datacl) WHERE datname = :'name' \gexec
\set ON_ERROR_STOP 0
SELECT 'BEGIN',
  CASE WHEN is_list THEN format('SELECT pg_catalog.set_config(%L, %L, true)', key, value) END,
  format('ALTER %s SET %I', whose, key) || CASE WHEN is_list THEN ' FROM CURRENT' ELSE format(' TO %L', value) END,
  'COMMIT'
FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
CROSS JOIN unnest(setconfig) AS setting
CROSS JOIN LATERAL (SELECT split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1)) AS pair (key, value)
CROSS JOIN LATERAL (SELECT key IN ('local_preload_libraries', 'search_path', 'session_preload_libraries',
  'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories')) AS kind (is_list)
CROSS JOIN LATERAL (SELECT CASE setrole WHEN 0 THEN format('DATABASE %I', :'new')
  ELSE format('ROLE %I IN DATABASE %I', pg_get_userbyid(setrole), :'new') END) AS target (whose)
WHERE datname = :'name' \gexec
SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', :'new', datconnlimit)
FROM pg_database WHERE datname = :'name' AND datconnlimit <> -1 \gexec
SQL
}

# load PART NEW DATABASE: of the archive on standard input the `definitions`, or behind them the `rows` with all else, into
# a database of an external server, as the service's role; with the rows it prints how many are there then, and in both
# cases what was left out for want of rights. Roles are not made there, so rights on what is in it are left out.
load() {
  # The role may have this setting, of which only this would keep the rows out.
  export PGOPTIONS='-c default_transaction_read_only=off'
  load_part external "$@"
  [ "$1" = rows ] || return 0
  # ANALYZE would warn of each of the server's own tables that are not the role's.
  printf '%s\n' "$unlimited" 'SET client_min_messages = error;' 'ANALYZE;' "$one_moment" "$rows" | ask "$2" | count_rows
}

# load_as ROLE VARIABLE PART NEW DATABASE: the same on our own server. What is loaded has functions that are run
# meanwhile: so it is loaded by its owner, who has logged in, and could become nobody else.
load_as() {
  (
    log_in "$1" "$2" "$4"
    PGOPTIONS+=' -c client_min_messages=error'
    load_part owner "${@:3}"
    [ "$3" = definitions ] || psql --no-psqlrc --quiet --no-password --dbname "$4" --command ANALYZE || true
  )
  [ "$3" = rows ] || return 0
  printf '%s\n' "$unlimited" "$one_moment" "$rows" | ask "$4" | count_rows
}

# load_part WHO PART NEW DATABASE: what all ways have in common: WHO is the `owner` of all of it, on an `external` server
# too, or the superuser, who makes `all` with its owners. Each error is looked at: where a program is newer than
# the server, it sets what that does not know. A view keeps of tables what their policies show to the owner, as it did;
# tables have none before they are full.
load_part() {
  local said options=(--section=pre-data) functions=''
  if [ "$2" = rows ]; then
    options=(--section=data --section=post-data)
    functions=$(give_paths "$3" "$4")
  fi
  case $1 in
  external) options+=(--no-owner --no-privileges) ;;
  owner) options+=(--no-owner) ;;
  *) ;;
  esac
  said=$(
    {
      pg_restore --enable-row-security "${options[@]}" --no-password --dbname="$3" 2>&1 >/dev/null ||
        echo 'pg_restore: failed'
    } | { head -c 1000000 && cat >/dev/null; }
  )
  left_out <<<"$said"
  [ -z "$functions" ] || FUNCTIONS=$functions take_paths "$3"
}

# give_paths NEW DATABASE: pg_restore looks no name up but where it is said to be, and a function that says it of none
# would not find what it names, when an index, a view or a check runs it. So those that say nothing look where sessions of
# the role look in DATABASE, until all is there. Prints which ones these are.
give_paths() {
  NAME=$2 ask "$1" <<'SQL'
\getenv name NAME
SELECT coalesce((
  SELECT substr(setting, 13) FROM pg_db_role_setting CROSS JOIN unnest(setconfig) AS setting
  LEFT JOIN pg_roles ON pg_roles.oid = setrole LEFT JOIN pg_database ON pg_database.oid = setdatabase
  WHERE setting LIKE 'search\_path=%' AND (setrole = 0 OR rolname = current_user)
    AND (setdatabase = 0 OR datname = :'name')
  ORDER BY setrole = 0, setdatabase = 0 LIMIT 1
), '"$user", public') AS path \gset
CREATE TEMPORARY TABLE silent AS
SELECT pg_proc.oid, pg_proc.oid::regprocedure::text AS name FROM pg_proc
JOIN pg_language ON pg_language.oid = prolang
WHERE pg_get_userbyid(proowner) = current_user AND prokind <> 'a' AND lanname NOT IN ('internal', 'c')
  AND prosqlbody IS NULL AND NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search\_path=%')
  AND pronamespace <> 'pg_catalog'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e');
\o /dev/null
SELECT set_config('search_path', :'path', false);
SELECT format('ALTER ROUTINE %s SET search_path FROM CURRENT', name) FROM silent \gexec
SET search_path = pg_catalog;
\o
SELECT oid FROM silent;
SQL
}

# take_paths NEW: FUNCTIONS say nothing again.
take_paths() {
  ask "$1" <<'SQL'
\getenv functions FUNCTIONS
SELECT format('ALTER ROUTINE %s RESET search_path', oid::oid::regprocedure)
FROM regexp_split_to_table(:'functions', E'\n') AS line (oid) \gexec
SQL
}

# left_out: standard input is what pg_restore said. Prints what the role may not make, and what can't be without that;
# any other error is a failure, but for a setting of newer servers. Extensions and their schemas are there already, and
# not the role's.
left_out() {
  local line text='' why='' has_failed='' is_known='' is_fault='' is_less='' is_open=''
  while IFS= read -r line; do
    [ "${#text}" -gt 2000 ] || text+=$line$'\n'
    case $line in
    'pg_restore: failed' | 'pg_restore: error: '*)
      is_fault=$is_fault$is_open is_open='' why=''
      ;;
    *) ;;
    esac
    case $line in
    'pg_restore: failed') has_failed=yes ;;
    'pg_restore: error: could not execute query: ERROR:  must be owner of extension '* | \
      'pg_restore: error: could not execute query: ERROR:  schema "'*'" already exists')
      is_known=yes
      ;;
    'pg_restore: error: '*'ERROR:  permission denied'* | 'pg_restore: error: '*'ERROR:  must be '* | \
      'pg_restore: error: could not execute query: ERROR:  '*superuser*)
      is_known=yes is_less=yes why=${line#*ERROR:  }
      ;;
    'pg_restore: error: could not execute query: ERROR:  '*'does not exist'*)
      is_known=yes why=${line#*ERROR:  }
      [ -n "$is_less" ] || is_fault=yes
      ;;
    'pg_restore: error: '*) is_open=yes ;;
    'Command was: SET transaction_timeout = 0;') is_known=yes is_open='' why='' ;;
    'Command was: '*)
      [ -z "$why" ] || printf 'left\t%s: %s\n' "${line:13:120}" "${why:0:200}"
      why=''
      ;;
    *) ;;
    esac
  done
  is_fault=$is_fault$is_open
  [ -z "$has_failed" ] || [ -n "$is_known" ] || is_fault=yes
  if [ -n "$is_fault" ]; then
    printf '%s' "$text" >&2
    return 1
  fi
}

# swap DATABASE NEW OLD: NEW becomes DATABASE, which stays there as OLD.
# Both names change in one transaction, so there is a DATABASE at every moment. Renaming locks out who wants to connect,
# and fails for one who has slipped in since the others were sent away. Who locks it from elsewhere is sent away too.
swap() {
  local attempt beside=$maintenance_database
  # Nobody renames the database that he is in.
  [ "$1" != "$beside" ] || beside=template1
  for attempt in 1 2 3 4 5; do
    if NAME=$1 NEW=$2 OLD=$3 ask "$beside" <<'SQL'
\getenv name NAME
\getenv new NEW
\getenv old OLD
BEGIN;
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND (
  datname IN (:'name', :'new') OR current_setting('is_superuser') = 'on' AND pid IN (
  SELECT pg_locks.pid FROM pg_locks JOIN pg_database ON classid = 'pg_database'::regclass AND objid = pg_database.oid
  WHERE locktype = 'object' AND datname IN (:'name', :'new')
)) \g /dev/null
SELECT format('ALTER DATABASE %I RENAME TO %I', datname, :'old') FROM pg_database WHERE datname = :'name' \gexec
ALTER DATABASE :"new" RENAME TO :"name";
COMMIT;
SQL
    then
      return
    fi
    [ "$attempt" = 5 ] || sleep 1
  done
  return 1
}

# remove DATABASE: also one that somebody is connected to.
remove() {
  NAME=$1 ask "$maintenance_database" <<'SQL'
\getenv name NAME
SET client_min_messages = warning;
DROP DATABASE IF EXISTS :"name" WITH (FORCE);
SQL
}

# remove_left START: the databases that killed runs have left, whose names begin so and end with a time. One that is in
# use belongs to a run that goes on.
remove_left() {
  START=$1 ask "$maintenance_database" <<'SQL'
\getenv start START
SELECT format('DROP DATABASE %I', datname) FROM pg_database
WHERE starts_with(datname, :'start') AND substr(datname, length(:'start') + 1) ~ '^[0-9]{8}_[0-9]{6}$'
  AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pg_stat_activity.datname = pg_database.datname) \gexec
SQL
}

# tables DATABASE: how many tables it has.
tables() {
  ask "$1" <<<"SELECT count(*) FROM pg_tables WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema';"
}

# to_reindex ALL: the databases whose indexes were sorted by another version than that of now, or all. PostgreSQL keeps
# none for some systems. A name that no deployment could have is passed by, and template0 has nothing to sort.
to_reindex() {
  ALL=$1 ask "$maintenance_database" <<'SQL'
\getenv all ALL
SELECT datname FROM pg_database
WHERE datallowconn AND datname ~ '^[A-Za-z][A-Za-z0-9_-]*$' AND (:'all' <> '' OR datcollversion IS NOT NULL
  AND datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid))
ORDER BY datname;
SQL
}

# reindex DATABASE: all its indexes anew, those of the system in it too.
reindex() {
  NAME=$1 ask "$1" <<'SQL'
\getenv name NAME
REINDEX DATABASE :"name";
SQL
}

# reindex_as ROLE VARIABLE DATABASE: the same as its owner: what an index calculates is a service's own.
reindex_as() {
  log_in "$@"
  PGOPTIONS="$options_of_role -c lock_timeout=${patience}s"
  reindex "$3"
}

# refresh DATABASE: notes the version by which it sorts now. What has none of a version, or had none, PostgreSQL itself
# notes only as it makes a volume, in this very way.
refresh() {
  NAME=$1 ask "$maintenance_database" <<'SQL'
\getenv name NAME
SELECT format('ALTER DATABASE %I REFRESH COLLATION VERSION', datname)
FROM pg_database WHERE datname = :'name' AND datcollversion <> pg_database_collation_actual_version(oid) \gexec
SELECT format('UPDATE pg_database SET datcollversion = pg_database_collation_actual_version(oid) WHERE oid = %L', oid)
FROM pg_database WHERE datname = :'name' AND current_setting('is_superuser') = 'on'
  AND datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid) \gexec
SQL
  ask "$1" <<'SQL'
SELECT format('ALTER COLLATION %I.%I REFRESH VERSION', nspname, collname)
FROM pg_collation JOIN pg_namespace ON pg_namespace.oid = collnamespace
WHERE collversion <> pg_collation_actual_version(pg_collation.oid)
  AND (current_setting('is_superuser') = 'on' OR pg_get_userbyid(collowner) = current_user) \gexec
SQL
}

# open ROLE VARIABLE [ARGUMENT]...: psql on DATABASE, as a service's role, with all that the service has set.
open() {
  log_in "$1" "$2" "$DATABASE"
  PGOPTIONS='' exec psql --dbname "$DATABASE" "${@:3}"
}

# open_all [ARGUMENT]...: psql on DATABASE as the superuser, whose session takes nothing of what a service has set.
open_all() {
  PGOPTIONS="$PGOPTIONS -c client_min_messages=notice -c lock_timeout=0" exec psql --no-psqlrc --dbname "$DATABASE" "$@"
}

"$@"
