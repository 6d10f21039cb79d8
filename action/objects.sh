#!/usr/bin/env bash
# Sees to it that every object of the range is here, in the repository around the current folder.
#
# Reads the lines of range.sh from standard input and prints `range=A..B` or `range=` (everything), `settings=ID`,
# and `tag=ID` where a tag with a message of its own was pushed. What is missing is fetched by id and nothing else; what can't be had ends the run with 3, so
# that nobody takes "nothing was read" for "nothing was found".
set -euo pipefail
# shellcheck source=action/say.sh
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"

readonly MEND='let actions/checkout fetch everything (fetch-depth: 0) and keep its credentials for this job'
# What is pushed somewhere counts, not what a replacement says; and git asks nobody.
export GIT_NO_REPLACE_OBJECTS=1 GIT_TERMINAL_PROMPT=0 LC_ALL=C

while IFS='=' read -r name value; do
    case $name in
    kind) kind=$value ;;
    to) to=$value ;;
    from) from=$value ;;
    else) otherwise=$value ;;
    settings) settings=$value ;;
    esac
done
: "${kind:?}" "${to?}" "${from?}" "${otherwise?}" "${settings?}"

git rev-parse --git-dir >/dev/null 2>&1 ||
    fail 2 'there is no git repository here: put actions/checkout before this action, and name its folder in working-directory'

is_id() { [[ $1 =~ ^[0-9a-f]{40}$ || $1 =~ ^[0-9a-f]{64}$ ]]; }
is_shallow() { [[ $(git rev-parse --is-shallow-repository) == true ]]; }
have() { git rev-parse --quiet --verify "$1^{commit}"; }

# With the rights of the repository no byte of a stranger's may have been checked out: it would be too late to
# look for keys then, and it would be the wrong answer to go on.
case $EVENT_NAME in
pull_request_target | workflow_run)
    here=$(have HEAD || true)
    if [[ -n $here && $here != "$EVENT_SHA" && $here != "${EVENT_PULL_BASE:-}" ]]; then
        fail 2 "under $EVENT_NAME this action looks at nothing where another commit than the repository's own is checked out: leave the ref of actions/checkout alone; the change is fetched by its id"
    fi
    ;;
esac

remote=origin
git config --get remote.origin.url >/dev/null || remote=$(git remote | head -n 1)

# Fetches, quietly; leaves why it failed in $why.
fetch() {
    why='no remote is configured'
    [[ -n $remote ]] || return 1
    why=$(git -c core.hooksPath=/dev/null -c gc.auto=0 -c maintenance.auto=false \
        ${offer:+-c "fetch.negotiationAlgorithm=$offer"} fetch --quiet --no-tags --no-write-fetch-head --no-recurse-submodules "$@" 2>&1)
}

# Fetches some commit; into a shallow repository only the commit itself, for a whole history is not asked for.
fetch_one() {
    local depth=''
    if is_shallow; then depth=--depth=1; fi
    fetch ${depth:+"$depth"} "$remote" "$1"
}

# Finds a commit by what range.sh calls it; fails if it can't be had.
commit() {
    local name=$1
    case $name in
    "branch "*)
        name=${name#branch }
        git check-ref-format "refs/heads/$name" || return 1
        have "refs/remotes/$remote/$name" ||
            { fetch_one "+refs/heads/$name:refs/remotes/$remote/$name" && have "refs/remotes/$remote/$name"; }
        ;;
    *)
        if is_id "$name"; then
            have "$name" || { fetch_one "$name" && have "$name"; }
        else
            have "refs/remotes/$remote/$name" || have "refs/tags/$name" || have "refs/heads/$name" ||
                { fetch_one "+$name:refs/keywright/named" && have refs/keywright/named; }
        fi
        ;;
    esac
}

# `commit`, or the end.
must_have() {
    commit "$1" || {
        quote <<<"${why:-}"
        fail 3 "couldn't get commit $1, so nothing can be said of the change: $MEND"
    }
}

if [[ $kind == all ]]; then
    if is_shallow; then
        notice 'the checkout is shallow: fetching the whole history'
        fetch --unshallow "$remote" '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*' || {
            quote <<<"$why"
            fail 3 "couldn't get the whole history: $MEND"
        }
    fi
    printf '%s\n' range= "settings=$settings"
    exit
fi

named=$to
to=$(must_have "$named")
if [[ $from == nothing ]]; then
    from=
elif known=$(commit "$from"); then
    from=$known
elif [[ $otherwise == nothing ]]; then
    warning "the commit before the push can't be had any more: everything that was pushed counts as new"
    from=
elif [[ -n $otherwise ]]; then
    warning "the commit before the push can't be had any more: everything that the default branch has not counts as new"
    from=$(must_have "$otherwise")
else
    must_have "$from"
fi

# The range is all there once no commit in it is without parents: then every line of history ends at what is
# known. Where one is, it is the edge of a shallow clone, or truly the first.
is_closed() { [[ -z $(git rev-list --max-parents=0 --max-count=1 "$to" ${from:+"^$from"} --) ]]; }
depth=50
while is_shallow && ! is_closed; do
    deepen=--deepen=$depth
    if [[ $depth -gt 5000 ]]; then deepen=--unshallow depth=0; fi
    fetch "$deepen" "$remote" "$to" ${from:+"$from"} || {
        quote <<<"$why"
        fail 3 "the checkout is shallow, and what is missing of the history couldn't be fetched: $MEND"
    }
    [[ $depth -gt 0 ]] || break
    depth=$((depth * 3))
done

# A partial clone lacks files: those of the range are fetched at once, with what stood there before.
if git config --get-regexp '^remote\..*\.promisor$' >/dev/null; then
    git rev-list "$to" ${from:+"^$from"} -- | git diff-tree --stdin --root -r -m --no-commit-id --no-renames |
        awk '$1 != ":160000" && $3 !~ /^0+$/ { print $3 } $2 != "160000" && $4 !~ /^0+$/ { print $4 }' |
        sort -u >"$RUNNER_TEMP/keywright-objects"
    if [[ -s $RUNNER_TEMP/keywright-objects ]]; then
        # What is here already is offered to nobody: else no file would be sent of a commit that is here.
        offer=noop
        fetch --no-filter --stdin "$remote" <"$RUNNER_TEMP/keywright-objects" || {
            quote <<<"$why"
            fail 3 "the checkout is a partial clone, and the files of the change couldn't be fetched: $MEND"
        }
    fi
fi

from=${from:-${to//?/0}}
[[ $settings != from ]] || settings=$from
printf '%s\n' "range=$from..$to" "settings=$settings"
if [[ $(git cat-file -t "$named" 2>/dev/null) == tag ]]; then printf 'tag=%s\n' "$named"; fi
