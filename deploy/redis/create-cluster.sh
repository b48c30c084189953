#!/bin/sh
# create-cluster.sh IP:PORT...: makes a cluster of six nodes, three of them replicas, and waits until
# it serves; one that is there stays as it is. The password is in REDISCLI_AUTH.
set -eu
: "${REDISCLI_AUTH:?}"
serves() { # serves IP:PORT: whether this node knows that all slots are served
  redis-cli -h "${1%:*}" -p "${1#*:}" cluster info | grep -q '^cluster_state:ok'
}
serves "$1" || redis-cli --cluster create "$@" --cluster-replicas 1 --cluster-yes
tries=0
for node in "$@"; do
  until serves "$node"; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || { echo "$node: no cluster after a minute" >&2; exit 1; }
    sleep 1
  done
done
echo "the cluster serves"
