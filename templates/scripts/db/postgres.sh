#!/usr/bin/env bash
# What the scripts do beside PostgreSQL's own programs: in the server's container, whose versions are always the right
# ones, or for a server elsewhere in a container of the profile's image. The other scripts bring it there; it does
# nothing of use on the host.
#
#   postgres.sh FUNCTION [ARGUMENT]...
set -euo pipefail
set +x # with `bash -x` a password could be printed
export LC_ALL=C PGCLIENTENCODING=UTF8

if [ -n "${POSTGRES_USER:-}" ]; then
  # Settings made for other programs would lead psql away from the server in this container.
  unset PGHOST PGHOSTADDR PGPORT PGSERVICE PGOPTIONS PGDATABASE
  export PGUSER="$POSTGRES_USER"
  # Not asked for unless the volume was made with POSTGRES_INITDB_ARGS=--auth-local=...
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    POSTGRES_PASSWORD=$(<"$POSTGRES_PASSWORD_FILE")
  fi
  export PGPASSWORD="${POSTGRES_PASSWORD:-}"
fi
# A database that always exists, and that nobody restores.
maintenance_database=postgres

# ask DATABASE: runs the SQL on its standard input and stops at the first error.
# Names come in as environment variables, which psql reads with \getenv and quotes by itself.
ask() {
  psql --no-psqlrc --quiet --no-password --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname "$1" --file -
}

# Limits that are made for services would end what takes long here.
unlimited="SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout',
  'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout') \\g /dev/null"

# One line for each table of people: rows, its name, how many. A part of a partitioned table is a table.
# COPY escapes what would break a line. Without row_security a policy would be an error, and no silent filter.
rows="SET row_security = off;
SELECT format('COPY (SELECT ''rows'', %L, count(*) FROM ONLY %I.%I) TO STDOUT',
  nspname || '.' || relname, nspname, relname)
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
ORDER BY nspname, relname \\gexec"

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

# dump DATABASE: facts, an empty line, and the archive, all as of one moment.
# The session that counts also holds the snapshot that pg_dump reads, so that both see the same rows.
dump() {
  local snapshot line ask answer is_whole=
  coproc session { ask "$1"; }
  # shellcheck disable=SC2154 # coproc sets it
  ask=${session[1]} answer=${session[0]}
  printf '%s\n' "$unlimited" 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;' 'SELECT pg_export_snapshot();' >&"$ask"
  IFS= read -r snapshot <&"$answer"
  printf '%s\n' "SELECT E'version\\t' || split_part(current_setting('server_version'), ' ', 1);" "$rows" '\echo' \
    >&"$ask"
  while IFS= read -r line <&"$answer"; do
    printf '%s\n' "$line"
    [ -n "$line" ] || { is_whole=yes && break; }
  done
  [ -n "$is_whole" ]
  # A table that somebody alters is waited for, but not for ever.
  pg_dump --format=custom --snapshot="$snapshot" --lock-wait-timeout=60000 --no-password --dbname="$1"
}

# roles: the SQL that makes the roles, without their passwords.
roles() {
  pg_dumpall --roles-only --no-role-passwords --no-password --database="$maintenance_database"
}

# read_archive: reads the archive on standard input to its end.
read_archive() {
  pg_restore --file=/dev/null
}

# make_roles: those of ROLES, lines of quoted names, that the server does not have. They own nothing and can't log in,
# but rights may be granted to them.
make_roles() {
  ask "$maintenance_database" <<'SQL'
\getenv roles ROLES
SELECT format('CREATE ROLE %s NOLOGIN', name)
FROM regexp_split_to_table(:'roles', E'\n') AS name
WHERE name <> '' AND NOT EXISTS (SELECT FROM pg_roles WHERE quote_ident(rolname) = name) \gexec
SQL
}

# may_make: whether the role may make databases.
may_make() {
  local may
  may=$(ask "$maintenance_database" <<<'SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user')
  [ "$may" = t ]
}

# make DATABASE NEW OWNER: an empty database with what belongs to DATABASE itself: its collation, settings and rights.
make() {
  NAME=$1 NEW=$2 OWNER=$3 ask "$maintenance_database" <<'SQL'
\getenv name NAME
\getenv new NEW
\getenv owner OWNER
SELECT coalesce((
  SELECT format('ENCODING %L LC_COLLATE %L LC_CTYPE %L CONNECTION LIMIT %s',
      pg_encoding_to_char(encoding), datcollate, datctype, datconnlimit)
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
), 'ENCODING ''UTF8''') AS nature \gset
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ', :'new', :'owner') || :'nature' \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'new')
FROM pg_database WHERE datname = :'name' AND datacl IS NOT NULL \gexec
SELECT format('GRANT %s ON DATABASE %I TO %s%s', privilege_type, :'new',
  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
  CASE WHEN is_grantable AND grantee <> 0 THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_database CROSS JOIN aclexplode(datacl) WHERE datname = :'name' \gexec
-- Some settings are stored as the list that SET wants, all others as a text.
SELECT format('ALTER %s SET %I TO %s',
  CASE setrole WHEN 0 THEN format('DATABASE %I', :'new')
  ELSE format('ROLE %I IN DATABASE %I', pg_get_userbyid(setrole), :'new') END,
  key, CASE
    WHEN key IN ('local_preload_libraries', 'search_path', 'session_preload_libraries', 'temp_tablespaces') THEN value
    ELSE quote_literal(value)
  END)
FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
CROSS JOIN unnest(setconfig) AS setting
CROSS JOIN LATERAL (SELECT split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1)) AS pair (key, value)
WHERE datname = :'name' \gexec
SQL
}

# load NEW [OPTION]...: the archive on standard input into an empty database; prints the rows that are there then.
# ANALYZE would warn of each of the server's own tables that are not the role's.
load() {
  # The database has the settings of the old one, of which only this would keep the rows out.
  export PGOPTIONS='-c default_transaction_read_only=off'
  pg_restore --no-owner --exit-on-error --single-transaction --no-password "${@:2}" --dbname="$1"
  printf '%s\n' "$unlimited" "$rows" 'SET client_min_messages = error;' 'ANALYZE;' | ask "$1"
}

# swap DATABASE NEW OLD: NEW becomes DATABASE, which stays there as OLD.
# Both names change in one transaction, so there is a DATABASE at every moment. Renaming locks out who wants to connect,
# and fails for one who has slipped in since the others were sent away.
swap() {
  local attempt
  for attempt in 1 2 3 4 5; do
    if NAME=$1 NEW=$2 OLD=$3 ask "$maintenance_database" <<'SQL'
\getenv name NAME
\getenv new NEW
\getenv old OLD
BEGIN;
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname IN (:'name', :'new') AND pid <> pg_backend_pid() AND backend_type = 'client backend' \g /dev/null
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

# remove DATABASE
remove() {
  NAME=$1 ask "$maintenance_database" <<'SQL'
\getenv name NAME
SET client_min_messages = warning;
DROP DATABASE IF EXISTS :"name";
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

# add_extensions DATABASE NEW: the extensions of DATABASE.
add_extensions() {
  ask "$1" <<'SQL' | ask "$2"
SELECT format('CREATE EXTENSION IF NOT EXISTS %I;', extname) FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY oid;
SQL
}

# tables DATABASE: how many tables it has.
tables() {
  ask "$1" <<<"SELECT count(*) FROM pg_tables WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema';"
}

"$@"
