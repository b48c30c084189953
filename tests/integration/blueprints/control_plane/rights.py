"""Every route of ``/control/api`` with the right it takes: what reviewers read, and tests hold."""

from __future__ import annotations

from tests.support.operators import ADMIN, OPERATE, VIEW

ROUTES: dict[str, str] = {
    "GET /events": VIEW,
    "POST /events/clear": ADMIN,
    "GET /events/export": VIEW,
    "GET /events/types": VIEW,
    "GET /instances": VIEW,
    "POST /instances/<string:instance_id>/drain": OPERATE,
    "POST /instances/<string:instance_id>/resume": OPERATE,
    "GET /overrides": VIEW,
    "GET /prefetch": VIEW,
    "POST /prefetch/pause": OPERATE,
    "POST /prefetch/resume": OPERATE,
    "GET /prefetch/tasks": VIEW,
    "POST /prefetch/tasks/<int:task_id>/cancel": OPERATE,
    "GET /session": VIEW,
    "GET /stats/cache": VIEW,
    "GET /stats/monitor": VIEW,
    "GET /stats/performance": VIEW,
    "GET /stats/resilience": VIEW,
    "GET /status": VIEW,
    "GET /status/detailed": VIEW,
    "GET /tokens": VIEW,
    "POST /tokens": VIEW,
    "POST /tokens/<int:token_id>/revoke": VIEW,
}
