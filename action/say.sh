# shellcheck shell=bash
# How the action's scripts speak: sourced by them. What comes from outside is escaped as GitHub reads it. All of it
# goes to standard error, where the runner reads commands too, so that no $( ) swallows a word.

# Returns text as the message of a workflow command.
told() {
    local text=${1//'%'/%25}
    text=${text//$'\r'/%0D}
    printf '%s' "${text//$'\n'/%0A}"
}

notice() { printf '::notice title=Keywright::%s\n' "$(told "$1")" >&2; }
warning() { printf '::warning title=Keywright::%s\n' "$(told "$1")" >&2; }

# Ends the step with an exit code and the reason.
fail() {
    printf '::error title=Keywright::%s\n' "$(told "$2")" >&2
    exit "$1"
}

# Passes on what a program says, so that no line of it is a command: the runner takes `::` at a line's
# beginning and `##[` anywhere for one.
quote() {
    tr '\r' '\n' | sed -e 's/##\[/## [/g' -e 's/^/  | /' >&2
}

# Writes an output of the step.
output() {
    [[ $2 != *$'\n'* ]] || fail 2 "the output $1 would have two lines"
    printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}
