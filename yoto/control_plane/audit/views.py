"""Routes of ``/control/api/audit``."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from flask import Response, stream_with_context

from yoto.api.admin.audit import service
from yoto.api.admin.audit.schemas import RecordSchema
from yoto.api.admin.audit.service import Record
from yoto.control_plane.audit.schemas import AREAS, OPERATIONS, AuditFilter, AuditPageQuery
from yoto.http.control_api import VIEW, ControlBlueprint, right
from yoto.http.paging import Page, page_of
from yoto.operate.insight import has_insight

audit_control = ControlBlueprint(
    "audit_control", __name__, "/audit", "Who changed what, from what to what, and why"
)


@audit_control.get("")
@right(VIEW)
@audit_control.arguments(AuditPageQuery, location="query")
@audit_control.response(200, page_of(RecordSchema))
def list_audit_records(query: dict[str, Any]) -> Page[Record]:
    """The audit log, newest first

    Addresses, and what was done outside the control plane or to who may do what, are shown to those
    alone who may know about others: that takes `admin.audit`.
    """
    insight = has_insight()
    families = _families(query.pop("area"), insight)
    page = service.records(**query, families=families)
    return page if insight else Page([_without_address(one) for one in page.items], page.next)


@audit_control.get("/export")
@right(VIEW)
@audit_control.arguments(AuditFilter, location="query")
@audit_control.response(200, RecordSchema(many=True))
def export_audit_records(query: dict[str, Any]) -> Response:
    """All such records as one JSON array, newest first, as a file"""
    insight = has_insight()
    families = _families(query.pop("area"), insight)
    found = service.all_records(**query, families=families)
    lines = json_lines(found if insight else map(_without_address, found))
    answer = Response(stream_with_context(lines), mimetype="application/json")
    answer.headers.set("Content-Disposition", "attachment", filename="audit.json")
    return answer


def _families(area: str | None, insight: bool) -> Collection[str] | None:
    """How the acts of an area begin, as far as the caller may see them; None: all."""
    if area is None:
        return None if insight else OPERATIONS
    return [one for one in AREAS[area] if insight or one.startswith(OPERATIONS)]


def _without_address(record: Record) -> Record:
    return replace(record, address=None)


def json_lines(records: Iterable[Record]) -> Iterator[str]:
    """A JSON array, a record a line."""
    schema = RecordSchema()
    between = "[\n"
    for record in records:
        yield between + json.dumps(schema.dump(record), ensure_ascii=False)
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"
