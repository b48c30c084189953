"""Routes of ``/control/api/audit``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, stream_with_context

from app.blueprints.admin.audit import service
from app.blueprints.admin.audit.schemas import RecordSchema
from app.blueprints.admin.audit.service import Record
from app.blueprints.control_plane.audit.schemas import AuditFilter, AuditPageQuery
from app.http.control_api import VIEW, ControlBlueprint, right
from app.http.paging import Page, page_of

audit_control = ControlBlueprint(
    "audit_control", __name__, "/audit", "Who changed what, from what to what, and why"
)


@audit_control.get("")
@right(VIEW)
@audit_control.arguments(AuditPageQuery, location="query")
@audit_control.response(200, page_of(RecordSchema))
def list_audit_records(query: dict[str, Any]) -> Page[Record]:
    """The audit log, newest first"""
    return service.records(**query)


@audit_control.get("/export")
@right(VIEW)
@audit_control.arguments(AuditFilter, location="query")
@audit_control.response(200, RecordSchema(many=True))
def export_audit_records(query: dict[str, Any]) -> Response:
    """All such records as one JSON array, newest first, as a file"""
    lines = json_lines(service.all_records(**query))
    answer = Response(stream_with_context(lines), mimetype="application/json")
    answer.headers.set("Content-Disposition", "attachment", filename="audit.json")
    return answer


def json_lines(records: Iterable[Record]) -> Iterator[str]:
    """A JSON array, a record a line."""
    schema = RecordSchema()
    between = "[\n"
    for record in records:
        yield between + json.dumps(schema.dump(record), ensure_ascii=False)
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"
