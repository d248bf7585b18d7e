# shellcheck shell=bash disable=SC2154 # postgres.sh sets what is used here
#
# What an upgrade does beside PostgreSQL's own programs, with postgres.sh before it, in the container of the old server or
# of the new one.

# databases: all that may be opened, but for the templates: name, owner, size. A name with a character that is not
# seen is no name that a deployment could have.
databases() {
  ask "$maintenance_database" <<'SQL'
SELECT concat_ws(E'\t', datname, pg_get_userbyid(datdba), pg_database_size(datname))
FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname;
SQL
}

# hinders: what can't be taken along.
hinders() {
  ask "$maintenance_database" <<'SQL'
SELECT 'the tablespace ' || quote_ident(spcname) || ' lies outside of the volume' FROM pg_tablespace
WHERE spcname !~ '^pg_';
SELECT 'the transaction ' || quote_literal(gid) || ' is prepared and not finished' FROM pg_prepared_xacts;
SELECT 'the name of the database ' || quote_literal(datname) || ' has characters that are not seen' FROM pg_database
WHERE datname ~ '[[:cntrl:]]' OR pg_get_userbyid(datdba) ~ '[[:cntrl:]]';
SELECT 'the template ' || quote_ident(datname) || ' is not one of the server''s own' FROM pg_database
WHERE datistemplate AND datname NOT IN ('template0', 'template1');
SQL
}

# all_roles: the SQL that makes the roles, as whoever they log in.
all_roles() {
  pg_dumpall --roles-only --no-password --database="$maintenance_database"
}

# take_roles: from standard input. Those that the server was made with are there already; what is not as it should is
# told by the census.
take_roles() {
  PGOPTIONS+=' -c log_min_error_statement=panic -c log_statement=none -c client_min_messages=error'
  psql --no-psqlrc --quiet --no-password --dbname "$maintenance_database" --file - >/dev/null 2>&1 || true
}

# describe DATABASE: the SQL that makes it on another server, empty, with all that belongs to it itself.
describe() {
  NAME=$1 ask "$maintenance_database" <<SQL
\\getenv name NAME
$nature
SELECT format('CREATE DATABASE %I TEMPLATE template0 OWNER %I ', datname, pg_get_userbyid(datdba)) || :'nature' || ';'
FROM pg_database WHERE datname = :'name' AND datname <> '$maintenance_database';
SELECT format('ALTER DATABASE %I OWNER TO %I;', datname, pg_get_userbyid(datdba))
FROM pg_database WHERE datname = :'name';
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC, %I;', datname, pg_get_userbyid(datdba))
FROM pg_database WHERE datname = :'name' AND datacl IS NOT NULL;
SELECT format('GRANT %s ON DATABASE %I TO %s%s;', privilege_type, datname,
  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
  CASE WHEN is_grantable AND grantee <> 0 AND grantee <> datdba THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_database CROSS JOIN aclexplode(datacl) WHERE datname = :'name';
SELECT format('SELECT pg_catalog.set_config(%L, %L, false);', key, value) || format('ALTER %s SET %I', whose, key)
  || CASE WHEN is_list THEN ' FROM CURRENT;' ELSE format(' TO %L;', value) END
FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
CROSS JOIN unnest(setconfig) AS setting
CROSS JOIN LATERAL (SELECT split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1)) AS pair (key, value)
CROSS JOIN LATERAL (SELECT key IN ('local_preload_libraries', 'search_path', 'session_preload_libraries',
  'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories')) AS kind (is_list)
CROSS JOIN LATERAL (SELECT CASE setrole WHEN 0 THEN format('DATABASE %I', datname)
  ELSE format('ROLE %I IN DATABASE %I', pg_get_userbyid(setrole), datname) END) AS target (whose)
WHERE datname = :'name';
SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s;', datname, datconnlimit)
FROM pg_database WHERE datname = :'name' AND datconnlimit <> -1;
SELECT format('COMMENT ON DATABASE %I IS %L;', datname, shobj_description(oid, 'pg_database'))
FROM pg_database WHERE datname = :'name' AND shobj_description(oid, 'pg_database') IS NOT NULL;
SQL
}

# create DATABASE: by what describe has printed. What the first start of a server has made under this name is empty.
create() {
  [ "$1" = "$maintenance_database" ] || remove "$1"
  psql --no-psqlrc --quiet --no-password --set ON_ERROR_STOP=1 --dbname "$maintenance_database" --file - >/dev/null
}

# definitions DATABASE: an archive of what is there before rows; of some versions also large objects, which are then filled.
definitions() {
  pg_dump --format=custom --compress=0 --section=pre-data --lock-wait-timeout="${patience}000" --no-password --dbname="$1"
}

# load_all PART DATABASE: the archive on standard input, by the superuser, with its owners: all that is in it is run as
# the superuser.
load_all() {
  export PGOPTIONS
  load_part all "$1" "$2" "$2"
  [ "$1" = rows ] || return 0
  psql --no-psqlrc --quiet --no-password --dbname "$2" --command ANALYZE || true
  printf '%s\n' "$unlimited" "$one_moment" "$rows" | ask "$2" | count_rows
}

# size DATABASE
size() {
  NAME=$1 ask "$maintenance_database" <<'SQL'
\getenv name NAME
SELECT pg_database_size(datname) FROM pg_database WHERE datname = :'name';
SQL
}

# others: who is connected and is neither of the server's own nor of an upgrade.
others() {
  ask "$maintenance_database" <<'SQL'
SELECT DISTINCT format('%s of %s in %s', coalesce(nullif(application_name, ''), 'a program'), usename, datname)
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 5;
SQL
}

# census_of_server: roles, their attributes and memberships, and the settings that they have everywhere.
census_of_server() {
  ask "$maintenance_database" <<'SQL'
SELECT format('role %s %s %s', quote_ident(rolname), ARRAY[rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin,
  rolreplication, rolbypassrls], concat_ws(' ', rolconnlimit, rolvaliduntil, left(md5(rolpassword), 6)))
FROM pg_authid WHERE rolname !~ '^pg_';
SELECT format('member %s of %s %s', member::regrole, roleid::regrole, bool_or(admin_option))
FROM pg_auth_members GROUP BY member, roleid;
SELECT format('setting of role %s: %s', setrole::regrole, setting)
FROM pg_db_role_setting CROSS JOIN unnest(setconfig) AS setting WHERE setdatabase = 0;
SQL
}

# census DATABASE: all that is in it but rows: owners, rights, sequences, large objects, and how many there are of all else.
# What belongs to an extension is its version's own; rights that a newer server has are left out.
census() {
  NAME=$1 ask "$1" <<'SQL'
\getenv name NAME
CREATE TEMPORARY VIEW own AS SELECT classid, objid FROM pg_depend WHERE deptype = 'e';
SELECT format('database %s %s %s %s', pg_encoding_to_char(encoding), datcollate, datctype, datconnlimit)
  || ' owner ' || pg_get_userbyid(datdba) FROM pg_database WHERE datname = :'name';
SELECT 'setting ' || CASE setrole WHEN 0 THEN '' ELSE setrole::regrole::text END || ' ' || setting
FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase CROSS JOIN unnest(setconfig) AS setting
WHERE datname = :'name';
SELECT format('right %s %s on %s %s%s', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, privilege_type,
  kind, object, CASE WHEN is_grantable THEN ' with grant option' ELSE '' END)
FROM (
  SELECT 'database', '', coalesce(datacl, acldefault('d', datdba)) FROM pg_database WHERE datname = :'name'
  UNION ALL
  SELECT 'schema', nspname::text, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM own WHERE classid = 'pg_namespace'::regclass AND objid = pg_namespace.oid)
  UNION ALL
  SELECT 'relation', pg_class.oid::regclass::text, coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    AND NOT EXISTS (SELECT FROM own WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid)
  UNION ALL
  SELECT 'routine', pg_proc.oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner))
  FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM own WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid)
  UNION ALL
  SELECT 'type', pg_type.oid::regtype::text, coalesce(typacl, acldefault('T', typowner))
  FROM pg_type JOIN pg_namespace ON pg_namespace.oid = typnamespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND typtype IN ('d', 'e', 'r')
    AND NOT EXISTS (SELECT FROM own WHERE classid = 'pg_type'::regclass AND objid = pg_type.oid)
  UNION ALL
  SELECT 'large object', pg_largeobject_metadata.oid::text, coalesce(lomacl, acldefault('L', lomowner))
  FROM pg_largeobject_metadata
) AS objects (kind, object, rights) CROSS JOIN aclexplode(rights)
WHERE privilege_type <> 'MAINTAIN';
SELECT format('owner of schema %s: %s', nspname, pg_get_userbyid(nspowner)) FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
  AND NOT EXISTS (SELECT FROM own WHERE classid = 'pg_namespace'::regclass AND objid = pg_namespace.oid);
SELECT format('owner of %s %s: %s', CASE relkind WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' ELSE 'relation' END,
  pg_class.oid::regclass, pg_get_userbyid(relowner))
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'i', 'I')
  AND NOT EXISTS (SELECT FROM own WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid);
SELECT format('owner of routine %s: %s', pg_proc.oid::regprocedure, pg_get_userbyid(proowner))
FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM own WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid);
SELECT format('owner of type %s: %s', pg_type.oid::regtype, pg_get_userbyid(typowner))
FROM pg_type JOIN pg_namespace ON pg_namespace.oid = typnamespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND typtype IN ('d', 'e', 'r', 'c')
  AND NOT EXISTS (SELECT FROM own WHERE classid = 'pg_type'::regclass AND objid = pg_type.oid);
SELECT format('sequence %I.%I: %s', schemaname, sequencename, concat_ws(' ', coalesce(last_value::text, 'unused'),
  start_value, min_value, max_value, increment_by, cycle)) FROM pg_sequences;
SELECT format('extension %s in %s', extname, extnamespace::regnamespace) FROM pg_extension;
SELECT format('large objects: %s of %s bytes', count(DISTINCT loid), coalesce(sum(length(data)), 0)) FROM pg_largeobject;
SELECT format('constraint %s of %s: %s %s', quote_ident(conname), coalesce(nullif(conrelid, 0)::regclass::text, contypid::regtype::text),
  contype, convalidated) FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND contype <> 'n'
  AND NOT EXISTS (SELECT FROM own WHERE classid = 'pg_constraint'::regclass AND objid = pg_constraint.oid);
SELECT format('trigger %s of %s: %s', quote_ident(tgname), tgrelid::regclass, tgenabled) FROM pg_trigger WHERE NOT tgisinternal;
SELECT format('policy %s of %s', quote_ident(polname), polrelid::regclass) FROM pg_policy;
SELECT format('row security of %s: %s %s', oid::regclass, relrowsecurity, relforcerowsecurity) FROM pg_class
WHERE relrowsecurity OR relforcerowsecurity;
SELECT format('rights to come: %s', count(*)) FROM pg_default_acl CROSS JOIN aclexplode(defaclacl)
WHERE privilege_type <> 'MAINTAIN';
SELECT format('%s: %s', kind, count(objid)) FROM (
  SELECT 'rules', oid FROM pg_rewrite WHERE NOT EXISTS (SELECT FROM own WHERE objid = ev_class) AND oid >= 16384
  UNION ALL SELECT 'statistics', oid FROM pg_statistic_ext
  UNION ALL SELECT 'event triggers', oid FROM pg_event_trigger
  UNION ALL SELECT 'publications', oid FROM pg_publication
  UNION ALL SELECT 'casts', oid FROM pg_cast WHERE oid >= 16384
  UNION ALL SELECT 'operators', oid FROM pg_operator WHERE oid >= 16384
  UNION ALL SELECT 'foreign servers', oid FROM pg_foreign_server
  UNION ALL SELECT 'collations', oid FROM pg_collation WHERE oid >= 16384
  UNION ALL SELECT 'text search configurations', oid FROM pg_ts_config WHERE oid >= 16384
) AS all_else (kind, objid) WHERE NOT EXISTS (SELECT FROM own WHERE own.objid = all_else.objid)
GROUP BY kind;
SQL
}
