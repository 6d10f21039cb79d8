#!/usr/bin/env bash
# Gets the program that the action runs.
#
#   build.sh key    says what would be built, for the cache: outputs `key`, `folder` and `program`
#   build.sh make   builds or downloads it, unless it is there
#
# `source`: built from the action's own checkout, by its Cargo.lock; the scanner alone, unless a comment is to be
# written or a provider asked. `installed`: the keywright on PATH. Anything else: that release, by its checksum.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=action/say.sh
. "$here/say.sh"

source=$(dirname "$here")
room=$RUNNER_TEMP/keywright/bin
program=$room/keywright
build=scanner
if [[ $INPUT_COMMENT == true || " $INPUT_ARGS " == *" --verify "* ]]; then build=full; fi

sum() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1; }

key() {
    case $INPUT_VERSION in
    source)
        command -v cargo >/dev/null ||
            fail 2 "version: source builds with cargo, which is not on this runner: install Rust before this action"
        # Everything that goes into the build, so that no program of an older source comes back.
        local files
        files=$(cd "$source" && find Cargo.lock Cargo.toml build.rs src rules hooks -type f | LC_ALL=C sort)
        hash=$(cd "$source" && { rustc --version && while IFS= read -r file; do echo "$file" && cat "$file"; done <<<"$files"; } | sum)
        output key "keywright-$build-${RUNNER_OS:-any}-${RUNNER_ARCH:-any}-$hash"
        ;;
    installed)
        program=$(command -v keywright) || fail 2 "version: installed wants a keywright on PATH, and there is none"
        ;;
    *)
        # A name that moves would run tomorrow what nobody looked at today.
        [[ $INPUT_VERSION =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]] ||
            fail 2 "the input version is source, installed, or a release such as v1.2.3: nothing that moves"
        [[ $INPUT_SHA256 =~ ^[0-9a-f]{64}$ ]] ||
            fail 2 "a release is taken by its checksum only: give the input sha256"
        ;;
    esac
    output folder "$room"
    output program "$program"
}

make() {
    [[ $INPUT_VERSION != installed ]] || return 0
    [[ ! -x $program ]] || return 0
    mkdir -p "$room"
    case $INPUT_VERSION in
    source)
        local features=--no-default-features
        [[ $build == scanner ]] || features=
        # shellcheck disable=SC2086 # no flag is a flag too
        CARGO_TARGET_DIR=$RUNNER_TEMP/keywright/build cargo build --release --locked --quiet $features \
            --manifest-path "$source/Cargo.toml" --bin keywright
        mv "$RUNNER_TEMP/keywright/build/release/keywright" "$program"
        rm -rf "$RUNNER_TEMP/keywright/build"
        ;;
    *)
        local target archive=$RUNNER_TEMP/keywright/release.tar.gz
        target=$(uname -s)-$(uname -m)
        curl --fail --silent --show-error --location --proto "=${ACTION_SERVER%%:*}" --max-time 300 \
            --max-filesize 100000000 --output "$archive" \
            "$ACTION_SERVER/$ACTION_REPOSITORY/releases/download/$INPUT_VERSION/keywright-$target.tar.gz" ||
            fail 2 "couldn't download release $INPUT_VERSION of $ACTION_REPOSITORY for $target"
        [[ $(sum <"$archive") == "$INPUT_SHA256" ]] || {
            rm -f "$archive"
            fail 2 "release $INPUT_VERSION for $target has another checksum than the input sha256: nothing of it was run"
        }
        tar -xzf "$archive" -C "$room" keywright
        ;;
    esac
}

case ${1-} in
key) key ;;
make) make ;;
*) fail 2 "build.sh key|make" ;;
esac
