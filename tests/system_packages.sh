#!/bin/sh
# Debian's packages that the tests need: installed where we may (root), named where we may not.
set -eu
missing=""
need() { # need PACKAGE LIBRARY: the shared library that PACKAGE brings must be loadable
    "$PYTHON" -c "import ctypes; ctypes.CDLL('$2')" 2>/dev/null || missing="$missing $1"
}
need libgomp1 libgomp.so.1 # LightGBM and scikit-learn are built on OpenMP
command -v java >/dev/null || missing="$missing openjdk-17-jre-headless" # Spark runs on it
command -v chromium >/dev/null || missing="$missing chromium" # the pages are tested in a real browser
ldconfig -p | grep -q libpangoft2-1.0.so.0 || missing="$missing libpangoft2-1.0-0" # reports on paper
[ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || missing="$missing fonts-noto-cjk"
wanted="" # tests that find none skip, saying so
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || wanted="$wanted nginx-light"
command -v promtool >/dev/null || wanted="$wanted prometheus" # tries the alert rules
[ -z "$missing$wanted" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # RUNLEVEL: what is installed is not started, nginx would take port 80
    export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive
    [ -z "$missing" ] || apt-get update -qq
    # shellcheck disable=SC2086 # several packages, each a word
    [ -z "$missing" ] || apt-get install -qq -y --no-install-recommends $missing >/dev/null
    [ -n "$missing" ] || apt-get update -qq || exit 0
    for one in $wanted; do
        apt-get install -qq -y --no-install-recommends "$one" >/dev/null || echo "no $one: its tests skip" >&2
    done
    exit 0
fi
[ -z "$missing" ] && exit 0
echo "make test needs Debian packages that are not installed:$missing" >&2
exit 1
