#!/usr/bin/env bash
# The step that scans: what to look at (range.sh), everything that takes (objects.sh), keywright, the outputs.
#
# Everything comes in through the environment. The exit code is keywright's: 0 clean, 1 leaks, 2 wrong use, 3 not
# everything could be read.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=action/say.sh
. "$here/say.sh"

room=$RUNNER_TEMP/keywright
mkdir -p "$room"
report=$room/report.json sarif=''
# Of an earlier use of this action in the same job.
rm -f "$report"

plan=$("$BASH" "$here/range.sh" 2>"$room/said") || fail 2 "$(<"$room/said")"
if [[ $plan == kind=nothing* ]]; then
    notice 'nothing was brought in: a branch or tag was taken away'
    for name in findings new scanned-commits scanned-bytes; do output "$name" 0; done
    exit
fi
found=$("$BASH" "$here/objects.sh" <<<"$plan")
range=$(sed -n 's/^range=//p' <<<"$found")
settings=$(sed -n 's/^settings=//p' <<<"$found")
tag=$(sed -n 's/^tag=//p' <<<"$found")

formats=(--format json --output "$report")
if [[ $INPUT_SARIF != false ]]; then
    sarif=$INPUT_SARIF
    [[ $sarif != true ]] || sarif=$room/keywright.sarif
    formats+=(--format sarif --output "$sarif")
fi
flags=(--settings-at "$settings" --no-cache)
# What both scans below have in common. Files of the repository among these are read as the base commit holds them.
[[ -z $INPUT_CONFIG ]] || flags+=(--config "$INPUT_CONFIG")
[[ -z $INPUT_BASELINE ]] || flags+=(--baseline "$INPUT_BASELINE")
[[ -z $INPUT_FAIL_ON ]] || flags+=(--fail-on "$INPUT_FAIL_ON")
[[ -z $INPUT_MIN_CONFIDENCE ]] || flags+=(--min-confidence "$INPUT_MIN_CONFIDENCE")
# Words, and nothing but words: no variable, no pattern and no command in them means anything.
read -r -d '' -a more <<<"$INPUT_ARGS" || true
[[ $INPUT_SUMMARY == true ]] || unset GITHUB_STEP_SUMMARY

what=(--history)
[[ -z $range ]] || what=(--range "$range")
code=0
"$KEYWRIGHT" scan "${flags[@]}" "${what[@]}" "${formats[@]}" ${more[@]+"${more[@]}"} --format github || code=$?
[[ -f $report ]] || exit "$code"

# The first such line of the report is its own: no string in JSON goes over a line's end.
number() { sed -n "s/^ *\"$1\": \([0-9]\{1,18\}\),\{0,1\}\$/\1/p" "${2-$report}" | head -n 1; }
commits=$(number commits) leaks=$(number leaks)
# The message of a tag stands in no commit.
if [[ -n $tag ]]; then
    tagged=0
    git cat-file tag "$tag" | "$KEYWRIGHT" scan - "${flags[@]}" --stdin-path "message of the tag" \
        --format json --output "$room/tag.json" --format github || tagged=$?
    leaks=$((leaks + $(number leaks "$room/tag.json")))
    [[ $code -eq 1 || $tagged -eq 0 ]] || code=$tagged
fi
output findings "$leaks"
output scanned-commits "$commits"
output scanned-bytes "$(number bytes)"
# In a change what was there before does not count; elsewhere only a baseline tells new from old.
if [[ -n $range || -n $INPUT_BASELINE ]]; then output new "$leaks"; fi
if [[ " ${more[*]-} " == *" --verify "* ]]; then
    output verified "$(grep -c '^ *"liveness": "alive",\{0,1\}$' "$report" || true)"
fi
output sarif-path "$sarif"

# Counted by somebody else.
if [[ -n $range && $code -eq 0 ]]; then
    from=${range%%..*}
    [[ $from =~ [1-9a-f] ]] && from=^$from || from=
    there=$(git rev-list --count "${range##*..}" ${from:+"$from"} --)
    [[ $there -eq $commits ]] || fail 3 "git counts $there commits in this change, and $commits were read"
fi
exit "$code"
