#!/usr/bin/env bash
# Prints a profile with so many services, half of them on PostgreSQL and half on SQLite, each with a health check,
# variables and the service before it as a dependency. `faulty` makes the port of the last service none; `json` and `pkl`
# are the same profile for programs that read no YAML.
#
#   bash benches/profile.sh COUNT [yaml|faulty|json|pkl]
set -euo pipefail

awk -v count="${1:?usage: profile.sh COUNT [yaml|faulty|json|pkl]}" -v form="${2:-yaml}" '
function yaml(i) {
  printf "  service-%d:\n", i
  printf "    image: registry.example.com/fleet/service-%d:1.4.2\n", i
  printf "    port: %s\n", (form == "faulty" && i == count ? "80o0" : 8000)
  printf "    data: service-%d-data:/app/data\n", i
  print  "    healthcheck: { http: /health, with: python }"
  if (i > 1) printf "    depends_on: [service-%d]\n", i - 1
  printf "    environment: { LOG_LEVEL: info, WORKERS: 4, REGION: eu-%d }\n", i % 7
  if (i % 2) printf "    database: { engine: postgres, postgres: service_%d, sqlite: data/service.db }\n", i
  else       print  "    database: { engine: sqlite, sqlite: data/service.db }"
}
function json(i) {
  printf "%s\"service-%d\": {\"image\": \"registry.example.com/fleet/service-%d:1.4.2\", \"port\": 8000, ", (i > 1 ? ",\n" : ""), i, i
  printf "\"data\": \"service-%d-data:/app/data\", \"healthcheck\": {\"http\": \"/health\", \"with\": \"python\"}, ", i
  if (i > 1) printf "\"depends_on\": [\"service-%d\"], ", i - 1
  printf "\"environment\": {\"LOG_LEVEL\": \"info\", \"WORKERS\": 4, \"REGION\": \"eu-%d\"}, ", i % 7
  if (i % 2) printf "\"database\": {\"engine\": \"postgres\", \"postgres\": \"service_%d\", \"sqlite\": \"data/service.db\"}}", i
  else       printf "\"database\": {\"engine\": \"sqlite\", \"sqlite\": \"data/service.db\"}}"
}
function pkl(i) {
  printf "  [\"service-%d\"] {\n    image = \"registry.example.com/fleet/service-%d:1.4.2\"\n    port = 8000\n", i, i
  printf "    data = \"service-%d-data:/app/data\"\n    healthcheck { http = \"/health\"; with = \"python\" }\n", i
  if (i > 1) printf "    depends_on { \"service-%d\" }\n", i - 1
  printf "    environment { [\"LOG_LEVEL\"] = \"info\"; [\"WORKERS\"] = 4; [\"REGION\"] = \"eu-%d\" }\n", i % 7
  if (i % 2) printf "    database { engine = \"postgres\"; postgres = \"service_%d\"; sqlite = \"data/service.db\" }\n  }\n", i
  else       print  "    database { engine = \"sqlite\"; sqlite = \"data/service.db\" }\n  }"
}
BEGIN {
  if (form == "json") {
    print "{\"project\": \"fleet\", \"stage\": \"production\","
    print "\"postgres\": {\"image\": \"postgres:16-alpine\", \"user\": \"fleet\", \"database\": \"fleet\"},"
    print "\"services\": {"
    for (i = 1; i <= count; i++) json(i)
    print "}}"
  } else if (form == "pkl") {
    print "amends \"Fleet.pkl\"\n\nproject = \"fleet\"\nstage = \"production\""
    print "postgres { image = \"postgres:16-alpine\"; user = \"fleet\"; database = \"fleet\" }\nservices {"
    for (i = 1; i <= count; i++) pkl(i)
    print "}"
  } else {
    print "format: 1\nproject: fleet\nstage: production"
    print "postgres: { image: \"postgres:16-alpine\", user: fleet, database: fleet }\nservices:"
    for (i = 1; i <= count; i++) yaml(i)
  }
}'
