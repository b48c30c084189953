"""Every route of ``/control/api`` with the right it takes: what reviewers read, and tests hold."""

from __future__ import annotations

from tests.support.operators import OPERATE, VIEW

ROUTES: dict[str, str] = {
    "GET /guards": VIEW,
    "GET /guards/<kind>/<name>": VIEW,
    "POST /breakers/<name>/isolate": OPERATE,
    "POST /breakers/<name>/close": OPERATE,
    "POST /breakers/<name>/reset": OPERATE,
    "POST /limiters/<name>/reset-key": OPERATE,
    "POST /bulkheads/<name>/release": OPERATE,
    "GET /degradation": VIEW,
    "GET /degradation/<name>": VIEW,
    "POST /degradation/<name>/level": OPERATE,
    "GET /config/<kind>": VIEW,
    "GET /config/<kind>/<name>": VIEW,
    "PUT /config/<kind>/<name>": OPERATE,
    "DELETE /config/<kind>/<name>": OPERATE,
    "GET /config/<kind>/<name>/history": VIEW,
    "POST /config/<kind>/<name>/rollback": OPERATE,
    "POST /config/<kind>/<name>/validate": VIEW,
    "POST /config/<kind>/<name>/dry-run": VIEW,
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
