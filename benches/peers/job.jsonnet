// The same job in Jsonnet: `fleet.json` is the profile as JSON, the result is three files.
local fleet = import 'fleet.json';
local password = std.extVar('password');
local postgres = fleet.postgres;
local key(name) = std.asciiUpper(std.strReplace(name, '-', '_')) + '__DB_URL';
local is_postgres(service) = service.database.engine == 'postgres';
local url(service, password) =
  if is_postgres(service)
  then 'postgresql+asyncpg://' + postgres.user + ':' + password + '@postgres:5432/' + service.database.postgres
  else 'sqlite:///' + service.database.sqlite;
local required = '${POSTGRES_PASSWORD:?run codelab-gen to write .env}';

local compose_service(name) =
  local service = fleet.services[name];
  local after = std.get(service, 'depends_on', []);
  {
  image: service.image,
  working_dir: '/app',
  environment: { [key(name)]: '${' + key(name) + ':-' + url(service, required) + '}' }
               + { [variable]: std.toString(service.environment[variable]) for variable in std.objectFields(service.environment) },
  volumes: [service.data],
  healthcheck: {
    test: ['CMD', 'python', '-c', "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', " + service.port + "); c.request('GET', '" + service.healthcheck.http + "'); sys.exit(c.getresponse().status >= 400)"],
    interval: '30s',
    timeout: '5s',
    retries: 3,
    start_period: '30s',
  },
  [if after != [] || is_postgres(service) then 'depends_on']:
    { [needed]: { condition: 'service_healthy' } for needed in after }
    + (if is_postgres(service) then { 'postgres-ensure': { condition: 'service_completed_successfully' } } else {}),
  [if is_postgres(service) then 'networks']: ['default', 'database'],
  restart: 'unless-stopped',
  security_opt: ['no-new-privileges:true'],
  logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
};

local names = std.objectFields(fleet.services);
local compose = {
  name: fleet.project,
  services: { [name]: compose_service(name) for name in names } + {
    postgres: {
      image: postgres.image,
      environment: { POSTGRES_USER: postgres.user, POSTGRES_PASSWORD: required, POSTGRES_DB: postgres.database },
      volumes: ['postgres-data:/var/lib/postgresql/data', 'postgres-socket:/var/run/postgresql', './scripts/init-postgres.sh:/docker-entrypoint-initdb.d/10-init-postgres.sh:ro'],
      healthcheck: {
        test: ['CMD', 'pg_isready', '-q', '-h', '127.0.0.1', '-U', postgres.user, '-d', postgres.database],
        interval: '5s',
        timeout: '5s',
        retries: 5,
        start_period: '5m',
      },
      networks: ['database'],
    },
  },
  networks: { database: { internal: true } },
  volumes: { [std.strReplace(fleet.services[name].data, ':/app/data', '')]: null for name in names }
           + { 'postgres-data': null, 'postgres-socket': null },
};

{
  'docker-compose.yml': std.manifestYamlDoc(compose),
  '.env': std.join('\n', [
    'POSTGRES_USER=' + postgres.user,
    'POSTGRES_PASSWORD=' + password,
    'POSTGRES_DB=' + postgres.database,
  ] + [key(name) + '=' + url(fleet.services[name], password) for name in names] + ['']),
  'scripts/init-postgres.sh': std.join('\n', ['#!/usr/bin/env bash', 'set -euo pipefail'] + [
    'createdb --username ' + postgres.user + ' ' + fleet.services[name].database.postgres
    for name in names
    if is_postgres(fleet.services[name])
  ] + ['']),
}
