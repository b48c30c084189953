"""gunicorn for Yoto, as ``run.py`` has it: ``gunicorn -c deploy/gunicorn/gunicorn.conf.py``.

Settings of Yoto come from the environment, as for ``run.py`` with ``YOTO_ASYNC_MODE=threading``;
the numbers here fit their defaults. Nothing is migrated at the start.
"""

import os
from typing import Any

wsgi_app = "wsgi:application"
bind = "127.0.0.1:5000"
workers = 2
# Gunicorn's gthread, with limits of connections, and the time that a request waits for a thread.
worker_class = "app.server.threads.Worker"
# YOTO_REQUESTS_AT_WORK (30), and some for what is not bounded; YOTO_SOCKETS_THREADS (60).
threads = 94
# More than YOTO_CONNECTIONS_MAX (2,000), YOTO_SOCKETS_THREADS and the backlog: what is beyond the
# limits is refused, and does not wait.
worker_connections = 4000
backlog = 1024
# Longer than the proxy keeps a connection, so that none ends under a request.
keepalive = 15
# Workers take YOTO_DRAIN_SECONDS (10) and close what they have open; give the process manager 15 s.
graceful_timeout = 12
# A worker that does not answer its master any more is replaced; a long request is no such worker.
timeout = 30
# Yoto itself reads what the proxy says of callers (YOTO_TRUSTED_PROXIES).
forwarded_allow_ips = ""
# Larger requests are none of ours.
limit_request_line = 8190
limit_request_fields = 100
# Its thread would be there when a worker is forked.
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:
    """A worker that begins while Redis is away has its share of each limit by this number."""
    os.environ["WEB_CONCURRENCY"] = str(server.num_workers)
