#!/bin/sh
# Copies the official SARIF 2.1.0 schema out of a published package; see README.md beside this file.
# Prints the schema's path, for KEYWRIGHT_SARIF_SCHEMA. Does nothing when the copy is there already.
set -eu

package=serde-sarif
version=0.8.0
sum=af47e7b67f24efe74076621fd3a5fbe7398add9e84fe820c971219a385895cea

root=$(cd "$(dirname "$0")/../.." && pwd)
schema=$root/target/schemas/sarif-2.1.0.json

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
name = "fetch-sarif"
version = "0.0.0"
edition = "2021"

[dependencies]
$package = "=$version"

[workspace]
TOML
    cargo vendor --quiet --manifest-path "$work/Cargo.toml" "$work/vendor" >/dev/null
    if ! is_right "$work/vendor/$package/src/schema.json"; then
        echo "$package $version does not hold the schema that was expected" >&2
        exit 1
    fi
    cp "$work/vendor/$package/src/schema.json" "$schema"
    rm -rf "$work"
fi
echo "$schema"
