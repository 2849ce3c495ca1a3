# What a rented machine does. Above stand the launch's own values:
#   launch, work, region, minutes, mode, paints, sender, recipient, wheel, arguments
# Whatever goes wrong, the machine ends: by its own time limit, set first of all; by the trap; from outside.
set -uo pipefail

# 1. Money first. From here on the machine is gone in time, whatever happens below. (`halt` would not do: it
#    stops a machine that is then still paid for.) No machine is given more than a week.
[[ "$minutes" =~ ^[0-9]{1,5}$ ]] && [ "$minutes" -le 10080 ] || minutes=60
if ! shutdown -h "+$minutes" "orbifolio: the time of this machine is over"; then
    (sleep "$((minutes * 60))" && poweroff -f) &
fi

base="${ORBIFOLIO_BASE:-/opt/orbifolio}"
facts="${ORBIFOLIO_FACTS:-http://169.254.169.254/latest}"
pause="${ORBIFOLIO_PAUSE:-5}" # seconds between two looks for a notice
export HOME="${HOME:-/root}" AWS_DEFAULT_REGION="$region" AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=5
export ORBIFOLIO_LAUNCH="$launch" DEBIAN_FRONTEND=noninteractive NO_COLOR=1 PYTHONUNBUFFERED=1
began="$(date +%s)"
mkdir -p "$base/gallery"
cd "$base" || exit 1
exec >>"$base/log.txt" 2>&1
echo "orbifolio: $launch, at most $minutes minutes, $(date -u +%FT%TZ)"

# 2. Telling: log and status lie in S3 within seconds, also if this machine is lost.
put() { timeout 120 aws s3 cp --only-show-errors "$1" "$work/$2" </dev/null; }
tell() { # state reason
    printf '{"state": "%s", "reason": "%s", "time": %s}\n' "$1" "${2:-}" "$(date +%s)" >"$base/status.json"
    put "$base/status.json" status.json
    put "$base/log.txt" log.txt
}

# A state is one object, so it is whole or not there. The checkpoint goes in first: what the log says after it is
# cut off again on resuming, but a log that is older than its checkpoint would have a hole.
keep() {
    { find gallery -type f -path '*/checkpoint/state.pt'
      find gallery -type f ! -path '*/checkpoint/*' ! -name '*.part'; } >"$base/kept.txt" 2>/dev/null
    [ -s "$base/kept.txt" ] || return 0
    tar -cf "$base/state.tar" --ignore-failed-read --no-recursion -T "$base/kept.txt" 2>/dev/null
    put "$base/state.tar" state.tar
}

pid="" watcher=""
finish() {
    code=$?
    trap '' EXIT TERM INT HUP
    [ -n "$watcher" ] && kill "$watcher" 2>/dev/null
    if [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null; then wait "$pid"; fi
    reason="$(cat "$base/reason" 2>/dev/null)"
    case "$code" in
        0) state=done ;;
        130 | 143) state=interrupted ;;
        *) state=failed ;;
    esac
    [ "$state" = done ] || keep
    echo "orbifolio: $state${reason:+ ($reason)}, $(date -u +%FT%TZ)"
    tell "$state" "$reason"
    # The run mails for itself; here only what happens before there is one.
    if [ "$state" = failed ] && [ ! -e "$base/started" ] && [ -n "$recipient" ]; then
        timeout 60 aws ses send-email --from "$sender" --to "$recipient" \
            --subject "orbifolio: $launch could not be set up" \
            --text "$(printf 'The machine has ended. The last lines of its log:\n\n'; tail -n 30 "$base/log.txt")" \
            >/dev/null </dev/null
    fi
    shutdown -h now || poweroff -f
    exit "$code"
}
trap finish EXIT
trap 'exit 143' TERM INT HUP
tell installing

# 3. What travels. A new role needs some seconds until S3 knows it.
for try in 1 2 3 4 5 6 7 8 9 10; do
    aws s3 cp --only-show-errors "$work/bundle.tar.gz" bundle.tar.gz </dev/null &&
        aws s3 cp --only-show-errors "$work/$wheel" "$wheel" </dev/null && break
    [ "$try" = 10 ] && { echo "orbifolio: $work cannot be read"; exit 1; }
    sleep "$pause"
done
mkdir -p bundle && tar -xzf bundle.tar.gz -C bundle || exit 1
resume=()
if aws s3 cp --only-show-errors "$work/state.tar" state.tar </dev/null 2>/dev/null; then
    tar -xf state.tar && resume=(--resume) && echo "orbifolio: going on from $(date -u -r state.tar +%FT%TZ)"
fi

# 4. The program, with the versions that it was launched with.
python=""
for name in python3.12 python3.11 python3.13 python3; do
    "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && python="$name" && break
done
[ -n "$python" ] || { echo "orbifolio: this machine has no Python 3.11 or newer"; exit 1; }
if [ ! -x venv/bin/orbifolio ]; then
    "$python" -m venv venv || { apt-get update -qq && apt-get install -y -qq python3-venv &&
        "$python" -m venv --clear venv; } || exit 1
    venv/bin/pip install --quiet --no-input --constraint bundle/constraints.txt "$base/$wheel" ||
        venv/bin/pip install --quiet --no-input "$base/$wheel" || exit 1
fi
export PATH="$base/venv/bin:$PATH"

# Paintings are also drawn with the real brush where the paint program is; a run does without it, so that nothing
# here may fail it, nor hold it up for long.
paint() {
    local get=(apt-get -qq -o DPkg::Lock::Timeout=120)
    timeout 300 "${get[@]}" update </dev/null
    timeout 300 "${get[@]}" install -y --no-install-recommends libmypaint-1.5-1 mypaint-brushes </dev/null ||
        echo "orbifolio: libmypaint cannot be installed; paintings are shown by the learnt brush alone"
}
[ "${paints:-}" = yes ] && paint

# 5. Watching, beside the run: a spot machine's notice comes two minutes before its end; somebody may want to stop;
#    the time may be nearly over. Each time the run is asked to end, and keeps what it has.
notice() {
    local token
    token="$(curl -sf -m 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$facts/api/token")" || return 1
    curl -sf -m 2 -o /dev/null -H "X-aws-ec2-metadata-token: $token" "$facts/meta-data/spot/instance-action"
}
watch() {
    local turn=0
    while sleep "$pause"; do
        turn=$((turn + 1))
        if notice; then echo "the spot machine is taken back" >reason
        elif [ "$(date +%s)" -gt "$((began + minutes * 60 - 240))" ]; then echo "the time is over" >reason
        elif [ "$((turn % 3))" = 0 ] && timeout 20 aws s3 cp --only-show-errors "$work/stop" stop </dev/null 2>/dev/null
        then echo "stopped on request" >reason
        fi
        if [ -e reason ]; then kill -TERM "$1" 2>/dev/null; return; fi
        [ "$((turn % 6))" = 0 ] && put log.txt log.txt
        [ "$((turn % 24))" = 0 ] && keep
    done
}

# 6. The run.
if [ "$mode" = serve ]; then # who has this word may use the page; it is made here and lies in no script
    (umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >token) && put token token
fi
render() { # further arguments
    (cd bundle && exec orbifolio "${arguments[@]}" "$@") &
    pid=$!
    watch "$pid" &
    watcher=$!
    wait "$pid"
    code=$?
    pid=""
    kill "$watcher" 2>/dev/null
    watcher=""
    return "$code"
}
tell running
touch started
render "${resume[@]}"
code=$?
if [ "$code" = 2 ] && [ "${#resume[@]}" -gt 0 ] && [ ! -e reason ]; then
    render # nothing to go on with: it was lost before its first checkpoint
    code=$?
fi
exit "$code"
