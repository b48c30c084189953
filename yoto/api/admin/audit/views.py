"""Routes of the audit log."""

from __future__ import annotations

from typing import Any

from yoto.api.admin.audit import service
from yoto.api.admin.audit.schemas import (
    AuditQuery,
    RecordSchema,
    ServerAuditQuery,
    ServerRecordSchema,
)
from yoto.api.admin.audit.service import Record
from yoto.http.api import API_PREFIX
from yoto.http.paging import Page, page_of
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission

audit_log = RestBlueprint(
    "audit", __name__, url_prefix=API_PREFIX, description="Who changed what, and why"
)


@audit_log.get("/admin/audit")
@require_permission("admin.audit")
@audit_log.arguments(AuditQuery, location="query")
@audit_log.response(200, page_of(RecordSchema))
def read_audit_log(query: dict[str, Any]) -> Page[Record]:
    """The audit log of the platform, newest first"""
    return service.records(**query)


@audit_log.get("/servers/<int:server_id>/audit")
@require_permission("server.audit", "server", "server_id")
@audit_log.arguments(ServerAuditQuery, location="query")
@audit_log.response(200, page_of(ServerRecordSchema))
@audit_log.alt_response(404, "NOT_FOUND")
def read_server_audit_log(query: dict[str, Any], server_id: int) -> Page[Record]:
    """The audit log of a server, newest first; without addresses"""
    return service.records(server_id=server_id, **query)
