#!/usr/bin/env bash
# Asks a running deployment whether it does what it should, from outside, through its proxy:
#
#   YOTO_SMOKE_PASSWORD=... deploy/smoke.sh https://yoto.example [CA.pem]
#
# YOTO_SMOKE_USER      an operator who may make accounts inactive, "admin" when left out
# YOTO_SMOKE_PASSWORD  the password of that account
# YOTO_SMOKE_TOKEN     an API token with platform.view, where that account has a second factor
# YOTO_SMOKE_PLAIN     the address of http, such as http://yoto.example; the same host when left out
#
# It needs curl and python3. It registers an account, makes a server, and takes both away at its
# end, also when it is ended. One line a check; the exit code is the number of those that failed, 99
# at most.
set -uo pipefail

url=${1:?usage: smoke.sh URL [CA]}
url=${url%/}
ca=${2:-}
user=${YOTO_SMOKE_USER:-admin}
password=${YOTO_SMOKE_PASSWORD:?the password of $user}
control_token=${YOTO_SMOKE_TOKEN:-}
plain=${YOTO_SMOKE_PLAIN:-http://${url#*://}}
unset YOTO_SMOKE_PASSWORD YOTO_SMOKE_TOKEN

umask 077
work=$(mktemp -d)
owner= server= member_id=
leave_nothing() { # what a run that is ended, or that fails on the way, would leave
  position=
  [ -z "$server" ] || as "$owner" DELETE "/api/v1/servers/$server?reason=smoke" >/dev/null
  [ -z "$member_id" ] ||
    as "$owner" PATCH "/api/v1/admin/users/$member_id" '{"disabled": true, "reason": "smoke test"}' >/dev/null
  rm -rf "$work"
}
trap leave_nothing EXIT
trap 'exit 130' INT TERM
failed=0
good() { printf 'ok      %s\n' "$1"; }
bad() { # bad CHECK WHY
  printf 'FAILED  %s: %s\n' "$1" "$2"
  failed=$((failed + 1))
}
is() { # is CHECK EXPECTED FOUND: the regular expression matches all of what was found
  if [[ $3 =~ ^($2)$ ]]; then good "$1"; else bad "$1" "expected $2, found ${3:-nothing}"; fi
}

# ask METHOD PATH [BODY]: the status; answer and headers are in $work. Nothing secret is on a command
# line: the credential comes by a file, the body by the input of curl.
ask() {
  local credential=() body=()
  [ -z "${bearer:-}" ] || {
    printf 'header = "Authorization: Bearer %s"\n' "$bearer" >"$work/bearer"
    credential=(-K "$work/bearer")
  }
  # One account's write counts for another as soon as that one names its position.
  [ -z "${position:-}" ] || credential+=(-H "X-Permission-Position: $position")
  [ -z "${3:-}" ] || body=(-H "Content-Type: application/json" --data-binary @-)
  curl --silent --show-error --max-time 20 ${ca:+--cacert "$ca"} --request "$1" \
    --output "$work/answer" --dump-header "$work/headers" --write-out '%{http_code}' \
    "${credential[@]}" "${body[@]}" "$url$2" <<<"${3:-}" 2>"$work/error" || cat "$work/error"
}
as() { # as TOKEN METHOD PATH [BODY]
  bearer=$1 ask "${@:2}"
}
field() { # field EXPRESSION: of the last answer, which is "it"
  python3 -c 'import json, sys; it = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' \
    "$work/answer" "$1" 2>/dev/null
}
header() { # header NAME: of the last answer
  awk -v name="${1,,}:" 'tolower($1) == name { sub(/^[^:]*: */, ""); sub(/\r$/, ""); print }' "$work/headers"
}
credentials() { # credentials NAME PASSWORD [DISPLAY NAME]: as JSON, from the environment
  name=$1 secret=$2 display=${3:-} python3 -c '
import json, os
found = {"username": os.environ["name"], "password": os.environ["secret"]}
print(json.dumps(found | ({"display_name": os.environ["display"]} if os.environ["display"] else {})))'
}

# --- Reached, and only by TLS
is "it lives" 200 "$(ask GET /livez)"
is "it is ready" 200 "$(ask GET /readyz)"
if [[ $url == https:* ]]; then
  found=$(curl --silent --max-time 10 --output /dev/null --write-out '%{http_code} %{redirect_url}' "$plain/livez")
  is "plain http leads to https, or nowhere" '(000|400) |30[1278] https://.*' "$found"
  ask GET /livez >/dev/null
  is "browsers are told to come by TLS" 'max-age=[1-9][0-9]{6,}.*' "$(header Strict-Transport-Security)"
fi
is "no other site may frame it" DENY "$(header X-Frame-Options)"
is "answers are what they say they are" nosniff "$(header X-Content-Type-Options)"
is "no script of elsewhere runs" ".*default-src 'none'.*" "$(header Content-Security-Policy)"

# --- Closed to strangers
is "metrics are closed to strangers" '401|403|404|503' "$(ask GET /metrics)"
is "the control plane's API is closed to strangers" 401 "$(ask GET /control/api/status)"
is "its pages lead strangers to the sign-in" '303 .*/control/sign-in.*' "$(ask GET /control/) $(header Location)"
is "the API is closed to strangers" 401 "$(ask GET /api/v1/auth/me)"

# --- Signing in
is "a wrong password is refused" 401 "$(ask POST /api/v1/auth/login "$(credentials "$user" "not-$RANDOM-it")")"
is "$user signs in" 200 "$(ask POST /api/v1/auth/login "$(credentials "$user" "$password")")"
owner=$(field 'it["access_token"]')
if [ -z "$owner" ]; then # so nobody could make an account inactive
  bad "the rest" "$user is not signed in"
  exit "$failed"
fi
name=smoke_$(python3 -c 'import secrets; print(secrets.token_hex(5))')
secret=$(python3 -c 'import secrets; print(secrets.token_urlsafe(18))')
is "somebody registers" 201 "$(ask POST /api/v1/auth/register "$(credentials "$name" "$secret" "Smoke test")")"
member_id=$(field 'it["id"]')
is "and signs in" 200 "$(ask POST /api/v1/auth/login "$(credentials "$name" "$secret")")"
member=$(field 'it["access_token"]')
if [ -z "$member" ]; then
  bad "the rest" "the account is not signed in"
  exit "$failed"
fi

# --- Rights: denied, granted, allowed, taken back, denied. Each step by another worker, mostly.
is "a server is made" 201 "$(as "$owner" POST /api/v1/servers '{"name": "Smoke test"}')"
server=$(field 'it["id"]')
as "$owner" GET "/api/v1/servers/$server/channels" >/dev/null
channel=$(field 'it["items"][0]["id"]')
is "an invite is made" 201 "$(as "$owner" POST "/api/v1/servers/$server/invites" '{}')"
code=$(field 'it["code"]')
is "and used" '200|201' "$(as "$member" POST "/api/v1/invites/$code/join" '{}')"
make="/api/v1/servers/$server/channels"
is "a member is denied to make a channel" 403 "$(as "$member" POST "$make" '{"name": "one"}')"
is "a role is made" 201 "$(as "$owner" POST "/api/v1/servers/$server/roles" '{"name": "Makers", "reason": "smoke test"}')"
role=$(field 'it["id"]')
is "it is granted the right" '200|201|204' \
  "$(as "$owner" PUT "/api/v1/roles/$role/grants/channel.manage" '{"effect": "allow", "reason": "smoke test"}')"
is "the member is given the role" '200|201' \
  "$(as "$owner" PUT "/api/v1/roles/$role/members/$member_id" '{"reason": "smoke test"}')"
position=$(header X-Permission-Position)
is "the member is allowed now" 201 "$(position=$position as "$member" POST "$make" '{"name": "two"}')"
is "the role is taken back" '200|204' "$(as "$owner" DELETE "/api/v1/roles/$role/members/$member_id?reason=smoke")"
position=$(header X-Permission-Position)
is "the member is denied again" 403 "$(position=$position as "$member" POST "$make" '{"name": "three"}')"
position=

# --- A websocket, through the proxy: what one says, the other hears
hear() { # hear: says "joined", then what the message says
  smoke_token=$member python3 - "$url" "$ca" "$channel" <<'PYTHON'
import base64, json, os, socket, ssl, sys
from urllib.parse import urlsplit

url, ca, channel = urlsplit(sys.argv[1]), sys.argv[2], int(sys.argv[3])
port = url.port or (443 if url.scheme == "https" else 80)
connection = socket.create_connection((url.hostname, port), 20)
if url.scheme == "https":
    context = ssl.create_default_context(cafile=ca or None)
    connection = context.wrap_socket(connection, server_hostname=url.hostname)
connection.settimeout(20)
key = base64.b64encode(os.urandom(16)).decode()
connection.sendall(
    f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {url.netloc}\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
)
stream = connection.makefile("rb")
status = stream.readline().decode().strip()
while stream.readline().strip():
    pass
if " 101 " not in status:
    sys.exit(status)


def send(text):
    data, mask = text.encode(), os.urandom(4)
    length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
    connection.sendall(b"\x81" + length + mask + masked)


def packet():
    head = stream.read(2)
    length = head[1] & 0x7F
    if length > 125:
        length = int.from_bytes(stream.read(2 if length == 126 else 8), "big")
    return stream.read(length).decode()


def until(beginning):
    while not (text := packet()).startswith(beginning):
        if text == "2":  # a ping
            send("3")
    return text


until("0")
send("40/community," + json.dumps({"token": os.environ["smoke_token"]}))
until("40/community,")
send('42/community,1["join",' + json.dumps({"channel_id": channel}) + "]")
if '"ok":true' not in until("43/community,1").replace(" ", ""):
    sys.exit("the channel was not joined")
print("joined", flush=True)
said = until('42/community,["message"')
print(json.loads(said[said.index("[") :])[1]["content"], flush=True)
PYTHON
}
exec {heard}< <(hear 2>&1)
read -r -t 30 line <&"$heard"
is "a websocket is opened and joins a channel" joined "$line"
is "a message is sent" 201 "$(as "$owner" POST "/api/v1/channels/$channel/messages" '{"content": "heard by all"}')"
line=
read -r -t 30 line <&"$heard"
is "and heard by the websocket" "heard by all" "$line"

# --- The control plane is open to its operator, and every worker answers
jar=$work/cookies
printf 'header = "Authorization: Bearer %s"\n' "$control_token" >"$work/control"
if [ -z "$control_token" ]; then
  csrf=$(curl --silent --max-time 20 ${ca:+--cacert "$ca"} --cookie-jar "$jar" "$url/control/sign-in" |
    sed -n 's/.*name="csrf_token" value="\([^"]*\)".*/\1/p')
  form=$(csrf=$csrf name=$user secret=$password python3 -c '
import os
from urllib.parse import urlencode
given = os.environ
print(urlencode({"csrf_token": given["csrf"], "username": given["name"], "password": given["secret"]}))')
  curl --silent --max-time 20 ${ca:+--cacert "$ca"} --cookie "$jar" --cookie-jar "$jar" \
    --output /dev/null --referer "$url/control/sign-in" --data-binary @- "$url/control/sign-in" < <(printf %s "$form")
fi
operate() { # operate PATH FILE: the status
  local credential=(--cookie "$jar")
  [ -z "$control_token" ] || credential=(-K "$work/control")
  curl --silent --max-time 20 ${ca:+--cacert "$ca"} "${credential[@]}" --output "$2" \
    --write-out '%{http_code}' "$url/control/api$1"
}
is "the control plane is open to $user" 200 "$(operate /instances "$work/answer")"
living='[one for one in it["items"] if one["state"] == "live"]'
running=$(field "'\\n'.join(sorted(one['id'] for one in $living))")
is "more than one worker runs" '[2-9]|[1-9][0-9]+' "$(field "len($living)")"
silent=$running
for together in $(seq 8 2 66); do
  # Together, since a proxy sends one after the other on a connection that it has open; and more each
  # time, so that it opens some, since those to one worker stay with it.
  asked=()
  for number in $(seq "$together"); do
    operate /instances "$work/worker$number" >/dev/null &
    asked+=("$!")
  done
  wait "${asked[@]}"
  python3 -c '
import json, sys
for path in sys.argv[1:]:
    with open(path) as answer:
        print(*[one["id"] for one in json.load(answer)["items"] if one["answering"]])
' "$work"/worker* >>"$work/answered" 2>/dev/null
  silent=$(comm -23 <(printf '%s\n' "$running") <(sort -u "$work/answered"))
  [ -n "$silent" ] || break
done
is "each of them answers" "" "$(tr '\n' ' ' <<<"$silent" | sed 's/ $//')"

# --- A limit holds over all of them
began=$(date +%s)
sent=0 left= policy= status=
while [ "$sent" -lt 300 ]; do
  status=$(as "$member" POST "/api/v1/channels/$channel/messages" '{"content": "again"}')
  [ "$status" = 201 ] || break
  sent=$((sent + 1))
  [ "$sent" -gt 1 ] || { left=$(header RateLimit) policy=$(header RateLimit-Policy); }
done
seconds=$(($(date +%s) - began + 1))
is "a limit is reached" 429 "$status"
# The most that can pass: the rest after the first in the scarcest dimension, and the later refill.
most=$(python3 - "$left" "$policy" "$seconds" <<'PYTHON'
import math, re, sys

left, policies, seconds = dict(re.findall(r'("[^"]*");r=(\d+)', sys.argv[1])), {}, int(sys.argv[3])
for name, quota, window in re.findall(r'("[^"]*");q=(\d+);w=(\d+)', sys.argv[2]):
    policies[name] = int(quota) / int(window)
print(1 + min((int(left[name]) + math.ceil(rate * seconds) for name, rate in policies.items()), default=0))
PYTHON
)
if [ "$sent" -le "$most" ]; then
  good "it counts what all workers take: $sent taken, at most $most"
else
  bad "a limit counts what all workers take" "$sent taken, at most $most"
fi

# --- And leaves nothing
is "the server is deleted" '200|204' "$(as "$owner" DELETE "/api/v1/servers/$server?reason=smoke")"
server=
is "the account is made inactive" 200 \
  "$(as "$owner" PATCH "/api/v1/admin/users/$member_id" '{"disabled": true, "reason": "smoke test"}')"
member_id=
is "so its token opens nothing" 401 "$(as "$member" GET /api/v1/auth/me)"

if [ "$failed" = 0 ]; then echo "all is well"; else echo "$failed failed"; fi
exit "$((failed > 99 ? 99 : failed))"
