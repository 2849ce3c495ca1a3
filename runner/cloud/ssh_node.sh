# What a machine reached by SSH does. Above stand the launch's own values:
#   launch, minutes, wheel, system_python, shut, arguments
# It lies in ~/.orbifolio/LAUNCH and outlives the connection. The run ends at its time limit; the machine, too, if
# that was asked for.
set -uo pipefail
cd "$HOME/.orbifolio/$launch" || exit 1
exec >>log.txt 2>&1
export DEBIAN_FRONTEND=noninteractive NO_COLOR=1 PYTHONUNBUFFERED=1
echo "orbifolio: $launch, at most $minutes minutes, $(date -u +%FT%TZ)"

# 1. Money first, where the machine is paid for by time.
off() { shutdown -h "$@" || sudo -n shutdown -h "$@"; }
if [ "$shut" = yes ] && ! off "+$minutes" "orbifolio: the time of this machine is over"; then
    echo "orbifolio: this user may not shut the machine down; end it yourself"
fi

tell() { printf '%s\n' "$1" >state.part && mv state.part state; }
pid=""
finish() {
    code=$?
    trap '' EXIT TERM INT HUP
    if [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null; then wait "$pid"; fi
    case "$code" in
        0) state=done ;;
        124 | 130 | 143) state=interrupted ;;
        *) state=failed ;;
    esac
    [ "$code" = 124 ] && echo "orbifolio: the time is over"
    echo "orbifolio: $state, $(date -u +%FT%TZ)"
    tell "$state"
    # a quarter of an hour to fetch the picture, then it goes in any case
    [ "$shut" = yes ] && { shutdown -c; off +15; } 2>/dev/null
    exit "$code"
}
trap finish EXIT
trap 'exit 143' TERM INT HUP
echo "$$" >pid
tell installing

# 2. The program. Images of GPU machines often have torch for their GPU, gigabytes of it: that is used.
python="$system_python"
for name in python3 python3.13 python3.12 python3.11; do
    [ -n "$python" ] && break
    "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && python="$name"
done
[ -n "$python" ] || { echo "orbifolio: this machine has no Python 3.11 or newer; install one, or name it: --python"; exit 1; }
venv="$HOME/.orbifolio/venv"
if [ "$(cat "$venv/wheel" 2>/dev/null)" != "$(sha256sum "$wheel")" ]; then
    if "$python" -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
        "$python" -m venv --system-site-packages "$venv" && "$venv/bin/pip" install --quiet --no-input "./$wheel"
    else
        "$python" -m venv "$venv" && {
            "$venv/bin/pip" install --quiet --no-input --constraint bundle/constraints.txt "./$wheel" ||
                "$venv/bin/pip" install --quiet --no-input "./$wheel"
        }
    fi || { echo "orbifolio: the program cannot be installed"; exit 1; }
    sha256sum "$wheel" >"$venv/wheel"
fi

# 3. The run, from where an earlier one ended.
resume=()
[ -d gallery ] && resume=(--resume)
mkdir -p gallery
tell running
render() { # further arguments
    (cd bundle && exec timeout --kill-after=120 "$((minutes * 60))" "$venv/bin/orbifolio" "${arguments[@]}" "$@") &
    pid=$!
    wait "$pid"
    code=$?
    pid=""
    return "$code"
}
render "${resume[@]}"
code=$?
if [ "$code" = 2 ] && [ "${#resume[@]}" -gt 0 ]; then
    render # nothing to go on with: it was lost before its first checkpoint
    code=$?
fi
exit "$code"
