#!/bin/sh
# Installs what the tests need from Debian's packages: PostgreSQL 15. Only where we are root on a Debian;
# elsewhere it says so, and the tests that need it are skipped with the reason.
set -eu
if [ -x /usr/lib/postgresql/15/bin/initdb ]; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "PostgreSQL 15 is not here and cannot be installed by this user; the tests on it will be skipped."
    exit 0
fi
echo "Installing Debian's PostgreSQL 15 for the tests ..."
export DEBIAN_FRONTEND=noninteractive
# No cluster of Debian's own: the tests make theirs.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
apt-get update -qq
apt-get install -y -qq --no-install-recommends postgresql-15 >/dev/null
