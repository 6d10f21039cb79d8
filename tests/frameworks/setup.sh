#!/bin/sh
# Installs the hook managers that the recipes of docs/ci/frameworks.md are for, and what checks actions and
# workflows: their JSON schemas and actionlint. By name and exact version, into target/frameworks; prints that
# folder, for KEYWRIGHT_FRAMEWORKS. They are run and nothing else. Does nothing when they are there already.
set -eu

pip="pre-commit==4.7.0 prek==0.5.11 check-jsonschema==0.39.0 pyyaml==6.0.3"
npm="lefthook@2.2.2 husky@9.1.7"
go="github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"

root=$(cd "$(dirname "$0")/../.." && pwd)
room=$root/target/frameworks
if [ "$(cat "$room/wanted" 2>/dev/null || true)" != "$pip $npm $go" ]; then
    rm -rf "$room"
    mkdir -p "$room"
    python3 -m venv "$room/venv"
    # shellcheck disable=SC2086 # a word a package
    "$room/venv/bin/pip" install --quiet --disable-pip-version-check $pip >&2
    # Without its scripts: lefthook's would put hooks into this very repository.
    # shellcheck disable=SC2086
    (cd "$room" && npm install --silent --no-audit --no-fund --ignore-scripts $npm >&2)
    # A machine without Go has no actionlint; its test says so.
    if command -v go >/dev/null; then GOBIN="$room/bin" go install "$go" >&2; fi
    echo "$pip $npm $go" >"$room/wanted"
fi
echo "$room"
