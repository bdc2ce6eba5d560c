#!/bin/sh
# Installs what the tests need from Debian's packages: PostgreSQL 15, Chromium, and Java for Spark. Only where we are root on a Debian;
# elsewhere it says so, and the tests that need them are skipped with the reason.
set -eu
wanted=""
[ -x /usr/lib/postgresql/15/bin/initdb ] || wanted="postgresql-15"
command -v chromium >/dev/null 2>&1 || wanted="$wanted chromium fonts-liberation"
command -v java >/dev/null 2>&1 || wanted="$wanted openjdk-17-jre-headless"
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Not here, and not to be installed by this user: $wanted. The tests on it will be skipped."
    exit 0
fi
echo "Installing from Debian's packages for the tests: $wanted ..."
export DEBIAN_FRONTEND=noninteractive
# No cluster of Debian's own: the tests make theirs.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
apt-get update -qq
# shellcheck disable=SC2086 -- a list of names
apt-get install -y -qq --no-install-recommends $wanted >/dev/null
