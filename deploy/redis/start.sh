#!/bin/sh
# A node of the cluster. The password comes by the environment and a pipe: no list of processes and
# no file has it.
set -eu
: "${REDIS_PASSWORD:?}"
exec redis-server - <<END
include ${REDIS_CONF:-/etc/yoto/redis.conf}
requirepass "$REDIS_PASSWORD"
masterauth "$REDIS_PASSWORD"
END
