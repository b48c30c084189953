"""gunicorn for Yoto, in place of ``run.py``: ``gunicorn -c deploy/gunicorn/gunicorn.conf.py``.

Websockets take a thread each for as long as their page is open. Settings of Yoto come from the
environment, as for ``run.py``; what docs/serving.md says of connections and bodies is the proxy's
to do here.
"""

import os
from typing import Any

wsgi_app = "wsgi:application"
bind = "127.0.0.1:5000"
workers = 2
worker_class = "gthread"
threads = 50
# Longer than the proxy keeps a connection, so that none ends under a request.
keepalive = 15
# YOTO_DRAIN_SECONDS; give the process manager 15 s, as for run.py.
graceful_timeout = 10
# A worker that does not answer its master any more is replaced; a long request is no such worker.
timeout = 30
# Yoto itself reads what the proxy says of callers (YOTO_TRUSTED_PROXIES).
forwarded_allow_ips = ""
# Larger requests are none of ours.
limit_request_line = 8190
limit_request_fields = 100


def post_fork(server: Any, worker: Any) -> None:
    """A worker that begins while Redis is away has its share of each limit by this number."""
    os.environ["WEB_CONCURRENCY"] = str(server.num_workers)
