#!/bin/sh
# Walks through the life of the package on a machine with systemd, as root: install, restart, kill,
# stop, upgrade, remove, purge. The sandbox has to answer all the while. Use a machine for it that
# may be thrown away: packaging/README.md makes one.
#
# usage: walk.sh CTNR.DEB BUSYBOX.TAR
set -eu

package=$1
image=$2

step() { echo "== $*"; }
fail() { echo "walk: failed: $*"; exit 1; }
main() { systemctl show --property MainPID --value ctnr; }
field() { ctnr sandbox inspect web --json | tr -d ' \n' | sed "s/.*\"$1\":\"\{0,1\}\([0-9]*\).*/\1/"; }
ready() {
    for _ in $(seq 120); do
        curl --silent --fail --output /dev/null localhost:8080/healthz && return
        sleep 1
    done
    fail "the server does not answer"
}
alive() {
    curl --silent --fail --output /dev/null "localhost:$port/passwd" || fail "the page is gone"
    [ -d "/proc/$pid" ] || fail "the program is gone"
}

step install
dpkg -i "$package"
systemctl is-enabled ctnr
ready
ctnr image import "$image"
ctnr sandbox create --name web -p 8000 busybox:latest -- httpd -f -p 8000 -h /etc
port=$(field HostPort)
pid=$(field Pid)
alive

step restart
before=$(main)
systemctl restart ctnr
[ "$(main)" != "$before" ] || fail "the server is the same one"
alive
ready
[ "$(ctnr sandbox exec web -- echo works)" = works ] || fail "no command runs"

step kill
kill -9 "$(main)"
sleep 3
ready
alive
[ "$(ctnr sandbox exec web -- echo works)" = works ] || fail "no command runs"

step stop
systemctl stop ctnr
alive

step upgrade
systemctl start ctnr
ready
before=$(main)
dpkg -i "$package"
[ "$(main)" != "$before" ] || fail "an upgrade leaves the old server running"
alive

step remove
dpkg -r ctnr
alive
[ -d /var/lib/ctnr/sandboxes ] || fail "the data is gone"
[ -f /etc/default/ctnr ] || fail "the settings are gone"
[ ! -e /usr/bin/ctnr ] || fail "a program is left"

step "install again, and purge"
dpkg -i "$package"
ready
[ "$(field Pid)" = "$pid" ] || fail "the sandbox was not adopted"
ctnr sandbox rm web
dpkg -P ctnr
[ ! -e /etc/default/ctnr ] || fail "the settings are left"
[ -d /var/lib/ctnr ] || fail "the data is gone"
! systemctl list-units --all --plain | grep -q '^ctnr' || fail "systemd still has the unit"
echo "walk: passed"
