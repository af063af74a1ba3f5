#!/bin/sh
# Creates a task, prints its log as it comes, and ends as the task ends. Needs curl and jq.
#
# All input is in variables of the environment, so no shell and no template reads it as code:
# SIGNALBOX_URL, SIGNALBOX_API_KEY, SIGNALBOX_TASK_TITLE and the others that docs/clients.md lists.
#
# Exit codes: 0 the task succeeded, 1 it failed, was cancelled or refused, 2 wrong usage, 3 the API did
# not answer, 124 the time is over.
set -eu
export LC_ALL=C

folder=$(mktemp -d)
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
commands=on
trap 'rm -rf "$folder"; if [ "$commands" = off ]; then printf "::%s::\n" "$token"; fi' EXIT

stop() { # code, message
  printf '%s\n' "$2" >&2
  exit "$1"
}

# The key is given to curl on its standard input: arguments of a process are visible to others.
send() { # method, path, file with the body or nothing
  method=$1 path=$2 data=${3-}
  set -- --silent --show-error --connect-timeout 10 --max-time 60 \
    --header 'Content-Type: application/json' --header "Idempotency-Key: \"$idempotency_key\"" \
    --dump-header "$folder/headers" --output "$folder/body" --write-out '%{http_code}'
  if [ -n "$data" ]; then set -- "$@" --data-binary "@$data"; fi
  : > "$folder/headers" && : > "$folder/body"
  status=$(
    printf 'header = "Authorization: Bearer %s"\n' "$SIGNALBOX_API_KEY" |
      curl --disable --config - --globoff --proto =http,https --request "$method" "$@" "$url$path"
  ) || status=000
}

# Every request may be repeated: the one that creates the task has an idempotency key.
request() { # as send
  attempt=1
  while :; do
    send "$@"
    case $status in
    2??) return ;;
    000 | 429 | 500 | 502 | 503 | 504) ;;
    *) stop 1 "$(problem)" ;;
    esac
    if [ "$attempt" -ge 6 ]; then stop 3 "the API does not answer: $(problem)"; fi
    sleep "$(pause)"
    attempt=$((attempt + 1))
  done
}

pause() { # seconds: those of Retry-After, else more each time
  after=$(tr -d '\r' < "$folder/headers" | sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]\{1,4\}\)$/\1/p')
  if [ -n "$after" ]; then
    echo $((after > 60 ? 60 : after))
  else
    echo $((attempt * attempt))
  fi
}

clean='gsub("[\\x{00}-\\x{08}\\x{0a}-\\x{1f}\\x{7f}-\\x{9f}]"; "")'

problem() {
  jq -r "\"$status \\(.code // .message // \"\"): \\(.detail // .title // \"\")\"
    + ((.errors // []) | map(\"; \" + .pointer + \": \" + .code) | add // \"\") | $clean" \
    "$folder/body" 2> /dev/null || printf '%s' "status $status"
}

# On GitHub, what a log contains must not be read as commands of the runner.
is_github() { [ "${GITHUB_ACTIONS-}" = true ]; }

output() { # name, value
  if [ -n "${GITHUB_OUTPUT-}" ]; then
    printf '%s<<%s\n%s\n%s\n' "$1" "$token" "$2" "$token" >> "$GITHUB_OUTPUT"
  fi
}

finish() { # the response is the task
  state=$(jq -r .status "$folder/body")
  output status "$state"
  output result "$(jq -c '.result // {}' "$folder/body")"
  output summary "$(jq -r '.result.summary // .reason // ""' "$folder/body")"
  if [ -n "${SIGNALBOX_RESULT_FILE-}" ]; then
    jq '.result // {}' "$folder/body" > "$SIGNALBOX_RESULT_FILE"
  fi
  dotenv
  jq -r "(.status + \": \" + (.result.summary // .reason // \"\")) | split(\"\\n\")[] | $clean" \
    "$folder/body"
}

dotenv() {
  if [ -n "${SIGNALBOX_DOTENV-}" ]; then
    printf 'SIGNALBOX_TASK_ID=%s\nSIGNALBOX_TASK_STATUS=%s\n' "$id" "$state" > "$SIGNALBOX_DOTENV"
  fi
}

follow() { # until the task has finished or the time is over
  place=0
  until=$(($(date +%s) + timeout))
  while :; do
    request GET "/api/v1/tasks/$id/logs?after=$place&limit=1000"
    jq -r ".items[].text | $clean" "$folder/body"
    place=$(jq -r --argjson place "$place" '.items[-1].seq // $place' "$folder/body")
    case $(jq -r 'if .next then "more" else .finished end' "$folder/body") in
    more) continue ;;
    true) return ;;
    esac
    if [ "$(date +%s)" -ge "$until" ]; then
      stop 124 "$id did not finish within $timeout seconds; it goes on"
    fi
    sleep "${SIGNALBOX_POLL_SECONDS:-5}"
  done
}

command -v curl > /dev/null || stop 2 'curl is missing'
command -v jq > /dev/null || stop 2 'jq is missing'
case ${SIGNALBOX_API_KEY-} in
'') stop 2 'SIGNALBOX_API_KEY is missing' ;;
*[!A-Za-z0-9._~+/=-]*) stop 2 'SIGNALBOX_API_KEY contains what no key contains' ;;
esac
case ${SIGNALBOX_URL-} in
http://?* | https://?*) url=${SIGNALBOX_URL%/} ;;
*) stop 2 'SIGNALBOX_URL has to be the URL of an API' ;;
esac
[ -n "${SIGNALBOX_TASK_TITLE-}" ] || stop 2 'SIGNALBOX_TASK_TITLE is missing'
timeout=${SIGNALBOX_TIMEOUT_SECONDS:-1800}
case $timeout in
*[!0-9]*) stop 2 'SIGNALBOX_TIMEOUT_SECONDS has to be a number of seconds' ;;
esac
wait=${SIGNALBOX_WAIT:-true}
case $wait in
true | false) ;;
*) stop 2 'SIGNALBOX_WAIT has to be true or false' ;;
esac
idempotency_key=${SIGNALBOX_IDEMPOTENCY_KEY:-ci-$token}
case $idempotency_key in
*[!A-Za-z0-9._~:/@+-]*) stop 2 'SIGNALBOX_IDEMPOTENCY_KEY may contain A-Z a-z 0-9 . _ ~ : / @ + -' ;;
esac

if is_github; then
  printf '::add-mask::%s\n::stop-commands::%s\n' "$SIGNALBOX_API_KEY" "$token"
  commands=off
fi
jq -n '
  def value($name): env["SIGNALBOX_TASK_" + $name] // "";
  def text($name; $member): value($name) | if . == "" then {} else {($member): .} end;
  def lines($name; $member):
    value($name) | split("\n") | map(select(. != "")) | if . == [] then {} else {($member): .} end;
  def count($name; $member):
    value($name) | if . == "" then {} else {($member): (tonumber? // .)} end;
  text("TITLE"; "title") + text("KIND"; "kind") + text("DESCRIPTION"; "description")
  + text("INSTRUCTION"; "instruction") + lines("ARGUMENTS"; "arguments") + lines("LABELS"; "labels")
  + text("PRIORITY"; "priority") + text("REPOSITORY"; "repository") + text("BRANCH"; "branch")
  + text("COMMIT"; "commit") + text("LINK"; "url") + count("MAX_ATTEMPTS"; "max_attempts")
' > "$folder/task"

request POST /api/v1/tasks "$folder/task"
id=$(jq -r .id "$folder/body")
state=$(jq -r .status "$folder/body")
output id "$id"
output status "$state"
dotenv
printf 'created %s\n' "$id"
if [ "$wait" = true ]; then
  follow
  request GET "/api/v1/tasks/$id"
  finish
  if [ "$state" != succeeded ]; then stop 1 "$id: $state"; fi
fi
