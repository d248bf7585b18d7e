#!/usr/bin/env bash
# Fills the corpus of each target with what the tests have; libFuzzer adds what it finds.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p corpus/{profile,dotenv,header,compose,url}
shopt -s nullglob
copy() {
    local target=$1 file
    shift
    for file in "$@"; do cp "$file" "corpus/$target/seed-${file//\//-}"; done
}
copy profile ../profiles/*.yaml ../tests/{golden,invalid,warned}/*.yaml
copy dotenv ../tests/golden/*/.env*
copy header ../tests/golden/*/{.env*,docker-compose.yml,scripts/*.sh,scripts/db/*}
copy compose ../tests/golden/*/docker-compose.yml
grep -rhoE "['\"](sqlite|postgres)[a-z+]*://[^'\" ]+" ../tests ../src | sort -u | cut -c2- |
    while read -r url; do printf %s "$url" >"corpus/url/seed-$(printf %s "$url" | cksum | cut -d' ' -f1)"; done
