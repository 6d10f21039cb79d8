#!/bin/sh
# Copies an official schema out of a published package; see README.md beside this file.
#
#   tests/schemas/fetch.sh sarif|junit
#
# Prints the schema's path. Does nothing else when the copy is there already.
set -eu

case "${1-}" in
sarif)
    package=serde-sarif version=0.8.0 file=src/schema.json name=sarif-2.1.0.json
    sum=af47e7b67f24efe74076621fd3a5fbe7398add9e84fe820c971219a385895cea
    ;;
junit)
    package=junit-report version=0.9.1 file=tests/JUnit.xsd name=junit-4.xsd
    sum=9b4997865af119afd4643cc30c353c97bbf0214e591c89b3c5c5bc51a265fa67
    ;;
*) echo "usage: tests/schemas/fetch.sh sarif|junit" >&2 && exit 2 ;;
esac

root=$(cd "$(dirname "$0")/../.." && pwd)
schema=$root/target/schemas/$name

sum_of() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1; }
is_right() { [ -f "$1" ] && [ "$(sum_of "$1")" = "$sum" ]; }

if ! is_right "$schema"; then
    work=$root/target/schemas/fetch
    rm -rf "$work"
    mkdir -p "$work/src"
    : >"$work/src/lib.rs"
    # `[workspace]` keeps this throw-away package out of ours; the package is fetched, never built.
    cat >"$work/Cargo.toml" <<TOML
[package]
name = "fetch"
version = "0.0.0"
edition = "2021"

[dependencies]
$package = "=$version"

[workspace]
TOML
    cargo vendor --quiet --manifest-path "$work/Cargo.toml" "$work/vendor" >/dev/null
    if ! is_right "$work/vendor/$package/$file"; then
        echo "$package $version does not hold the schema that was expected" >&2
        exit 1
    fi
    cp "$work/vendor/$package/$file" "$schema"
    rm -rf "$work"
fi
echo "$schema"
