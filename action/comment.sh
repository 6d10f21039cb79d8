#!/usr/bin/env bash
# The step that writes the comment at the pull request: one, changed as the change changes, gone when it is clean.
#
# The step before has fetched what it needs. Leaks are no failure of this step: the scan has failed for them.
set -euo pipefail
# shellcheck source=action/say.sh
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"

code=0
"$KEYWRIGHT" pull-request --repository "$GITHUB_REPOSITORY" --head "$EVENT_PULL_HEAD" --base "$EVENT_PULL_BASE" \
    ${INPUT_CONFIG:+--config "$INPUT_CONFIG"} --comment . >"$RUNNER_TEMP/keywright/comment" || code=$?
quote <"$RUNNER_TEMP/keywright/comment"
[[ $code -le 1 ]] || fail "$code" 'the comment could not be written; what was found stands in the summary. The job needs the permission pull-requests: write, which a pull request from a fork never has: see docs/ci/README.md'
