#!/usr/bin/env bash
# Says what a run of the action has to look at, from the event alone: no git, no network, no file.
#
# Reads EVENT_* and INPUT_BASE, INPUT_HEAD from the environment, as action.yml sets them. Prints lines of
# NAME=VALUE, in this order:
#
#   kind      range: what a range of commits brought in; all: everything that is stored; nothing
#   to        the last commit of the range
#   from      the commit whose history is known already; `nothing`; or `branch NAME`, its last commit
#   else      the same, for a `from` that nobody can hand out any more (a force push); empty: then fail
#   settings  the commit whose settings, ignores and baseline count; `from`: the one that `from` turns out to be.
#             A change can't bring its own excuse; before the first push of all there are none
#
# A name in it comes from outside: it is printed on a line of its own, checked, and never run.
set -euo pipefail

fail() {
    printf 'keywright: %s\n' "$1" >&2
    exit 2
}

is_id() { [[ $1 =~ ^[0-9a-f]{40}$ || $1 =~ ^[0-9a-f]{64}$ ]]; }
is_none() { [[ $1 =~ ^0{40}$ || $1 =~ ^0{64}$ ]]; }

# An id that the event must have.
id() {
    is_id "$2" || fail "the event $EVENT_NAME says no $1: give the inputs base and head"
}

# A revision that somebody wrote into a workflow: an id or the name of a branch or tag.
name() {
    local shape='^[A-Za-z0-9_][A-Za-z0-9_./+@-]*$'
    if [[ ! $2 =~ $shape || $2 == *..* || $2 == *@\{* ]]; then
        fail "the input $1 is no name of a commit, branch or tag"
    fi
}

branch() {
    local control='[[:cntrl:][:space:]]'
    if [[ -z $EVENT_DEFAULT_BRANCH || $EVENT_DEFAULT_BRANCH =~ $control ]]; then
        fail "the event $EVENT_NAME does not say which branch is the default one: give the input base"
    fi
    from="branch $EVENT_DEFAULT_BRANCH"
}

: "${EVENT_NAME:?}" "${EVENT_SHA=}" "${EVENT_REF=}" "${EVENT_DEFAULT_BRANCH=}" "${EVENT_BEFORE=}" "${EVENT_AFTER=}"
: "${EVENT_PULL_BASE=}" "${EVENT_PULL_HEAD=}" "${EVENT_GROUP_BASE=}" "${EVENT_GROUP_HEAD=}"
: "${INPUT_BASE=}" "${INPUT_HEAD=}"

kind=range from='' to='' otherwise='' settings=from
case $EVENT_NAME in
pull_request | pull_request_target | pull_request_review | pull_request_review_comment)
    from=$EVENT_PULL_BASE to=$EVENT_PULL_HEAD
    ;;
merge_group)
    from=$EVENT_GROUP_BASE to=$EVENT_GROUP_HEAD
    ;;
push)
    from=$EVENT_BEFORE to=$EVENT_AFTER
    is_default=false
    [[ -n $EVENT_DEFAULT_BRANCH && $EVENT_REF == "refs/heads/$EVENT_DEFAULT_BRANCH" ]] && is_default=true
    if is_none "$to"; then
        kind=nothing # a branch or tag was taken away
    elif is_none "$from" && $is_default; then
        from=nothing # the first push of all
    elif is_none "$from"; then
        branch # a new branch or tag: what the default branch has is known
    elif $is_default; then
        otherwise=nothing # in a force push the commit before may be gone
    else
        pushed=$from
        branch
        otherwise=$from from=$pushed
    fi
    ;;
*)
    # schedule, workflow_dispatch and whatever else brings nothing in by itself.
    kind=all to=$EVENT_SHA settings=$EVENT_SHA
    ;;
esac

if [[ -n $INPUT_BASE || -n $INPUT_HEAD ]]; then
    if [[ -z $INPUT_BASE ]] && [[ $kind != range ]]; then
        fail "the input head says where to end, and nothing says where to begin: give the input base too"
    fi
    kind=range settings=from otherwise=''
    if [[ -n $INPUT_BASE ]]; then
        name base "$INPUT_BASE"
        from=$INPUT_BASE
    fi
    to=${INPUT_HEAD:-${to:-$EVENT_SHA}}
    name head "$to"
elif [[ $kind == range ]]; then
    id "last commit" "$to"
    [[ $from == nothing || $from == branch\ * ]] || id "commit to begin from" "$from"
elif [[ $kind == all ]]; then
    id commit "$to"
fi

printf '%s=%s\n' kind "$kind" to "$to" from "$from" else "$otherwise" settings "$settings"
