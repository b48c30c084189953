"""``python -m proof.cluster``: the whole topology, until it is told to end."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from proof.cluster import KINDS, MARIADB, Cluster


def main() -> int:
    """Start it, say where it is, wait."""
    parser = argparse.ArgumentParser(prog="python -m proof.cluster", description=__doc__)
    parser.add_argument("--database", choices=KINDS, default=MARIADB, help="its kind")
    asked = parser.parse_args()
    # Also where a shell has started this in the background, which ignores Ctrl-C for it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    prometheus = shutil.which("prometheus") is not None
    began = time.monotonic()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="yoto-cluster-") as folder,
            Cluster(Path(folder), prometheus=prometheus, kind=asked.database) as cluster,
        ):
            show(cluster, time.monotonic() - began)
            while True:
                signal.pause()
    except KeyboardInterrupt:
        print("\nended", flush=True)
    return 0


def show(cluster: Cluster, seconds: float) -> None:
    """Print where everything is."""
    print(f"Yoto, through nginx: {cluster.url} (started in {seconds:.0f} s)")
    print(f"  its certificate's authority: {cluster.ca}")
    for node in cluster.nodes:
        print(f"  {node.name}: {node.url}, processes {node.pid} and {node.pids()}")
    if cluster.prometheus is not None:
        print(f"Prometheus: {cluster.prometheus.url}")
    else:
        print("Prometheus is not installed here.")
    print(f"Redis Cluster: {cluster.redis.nodes}")
    print(f"{cluster.kind}: {cluster.database.port}; OPA: {cluster.opa.url}")
    print("Accounts, shown this once:")
    for name, password in cluster.passwords.items():
        print(f"  {name:<10} {password}")
    print("Ctrl-C ends all of it.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
