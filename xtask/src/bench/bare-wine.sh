#!/bin/sh
# Wine without containers, on a prefix of its own as Wine makes it: `bare-wine.sh ROUNDS`. Runs in
# the runtime's root, and prints what was measured in microseconds.
set -eu

export WINEPREFIX=/home/user/own
wine=/usr/lib/wine/wine64
server=/usr/lib/wine/wineserver64
program='C:\windows\system32\hostname.exe'

measured() {
    name=$1
    shift
    begun=$(date +%s%N)
    "$@" </dev/null >/dev/null 2>&1
    echo "$name $((($(date +%s%N) - begun) / 1000))"
}

measured init "$wine" wineboot.exe --init
"$server" -w
for _ in $(seq "$1"); do
    measured cold "$wine" "$program"
    "$server" -k
    "$server" -w || true
done
"$server" -p
"$wine" "$program" </dev/null >/dev/null 2>&1
for _ in $(seq "$1"); do
    measured warm "$wine" "$program"
done
"$server" -k
