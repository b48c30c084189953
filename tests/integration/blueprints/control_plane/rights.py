"""Every route of ``/control/api`` with the right it takes: what reviewers read, and tests hold."""

from __future__ import annotations

from tests.support.operators import OPERATE, VIEW

ROUTES: dict[str, str] = {
    "GET /overrides": VIEW,
    "GET /prefetch": VIEW,
    "GET /prefetch/tasks": VIEW,
    "POST /prefetch/pause": OPERATE,
    "POST /prefetch/resume": OPERATE,
    "POST /prefetch/tasks/<int:task_id>/cancel": OPERATE,
    "GET /session": VIEW,
    "GET /tokens": VIEW,
    "POST /tokens": VIEW,
    "POST /tokens/<int:token_id>/revoke": VIEW,
}
