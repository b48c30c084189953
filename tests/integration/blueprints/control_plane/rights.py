"""Every route of ``/control/api`` with the right it takes: what reviewers read, and tests hold."""

from __future__ import annotations

from tests.support.operators import OPERATE, VIEW

ROUTES: dict[str, str] = {
    "GET /cache": VIEW,
    "POST /cache/invalidate": OPERATE,
    "POST /cache/invalidate/preview": VIEW,
    "POST /cache/warm-up": OPERATE,
    "GET /locks": VIEW,
    "GET /locks/<path:name>": VIEW,
    "POST /locks/<path:name>/release": OPERATE,
    "POST /maintenance/refresh": OPERATE,
    "POST /maintenance/warmup": OPERATE,
    "GET /overrides": VIEW,
    "GET /prefetch": VIEW,
    "GET /prefetch/tasks": VIEW,
    "POST /prefetch/pause": OPERATE,
    "POST /prefetch/resume": OPERATE,
    "POST /prefetch/tasks/<int:task_id>/cancel": OPERATE,
    "GET /queues": VIEW,
    "GET /queues/<kind>/dead": VIEW,
    "GET /queues/<kind>/dead/<letter_id>": VIEW,
    "POST /queues/<kind>/dead/<letter_id>/discard": OPERATE,
    "POST /queues/<kind>/dead/<letter_id>/redrive": OPERATE,
    "POST /queues/<kind>/redrive": OPERATE,
    "GET /queues/invalidation/strategy": VIEW,
    "PUT /queues/invalidation/strategy": OPERATE,
    "GET /session": VIEW,
    "GET /tasks": VIEW,
    "GET /tasks/<task_id>": VIEW,
    "GET /tokens": VIEW,
    "POST /tokens": VIEW,
    "POST /tokens/<int:token_id>/revoke": VIEW,
}
