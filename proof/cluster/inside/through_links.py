"""Inside an application of the topology: dial Redis through the links of this application.

A cluster names its servers by their own addresses, so a proxy before one is found by nobody. Only
dialling is redirected; the view of the cluster stays as the servers tell it. Loaded by
``YOTO_EXTENSIONS``, also by versions that know nothing of it.
"""

from __future__ import annotations

import json
import os
from typing import Any

from redis.connection import Connection


def install(app: object) -> None:
    """Redirect each connection to a server that ``CLUSTER_LINKS`` has a link for."""
    links = json.loads(os.environ["CLUSTER_LINKS"])
    connect = Connection._connect

    def through(self: Any) -> Any:
        there = self.host, self.port
        self.host, self.port = links.get(f"{self.host}:{self.port}", there)
        try:
            return connect(self)  # type: ignore[no-untyped-call]
        finally:
            self.host, self.port = there

    if getattr(connect, "__name__", "") != "through":
        Connection._connect = through  # type: ignore[method-assign]
