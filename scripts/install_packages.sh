#!/bin/sh
# Installs Debian packages: install_packages.sh NAME..., as root. A service that comes with one is kept from starting:
# policy-rc.d says no meanwhile, unless the machine has a policy of its own.
set -eu

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -q || echo 'apt-get update failed; going on with what is known' >&2
apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
