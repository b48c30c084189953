"""The audit log on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, Range

from yoto.api.people import PersonSchema
from yoto.http.fields import Instant
from yoto.http.paging import PageQuery
from yoto.nodes import MAX_ID
from yoto.store.columns import longest
from yoto.store.models import AuditRecord

COLUMNS = AuditRecord.__table__.c
ACTION_LENGTH = longest(COLUMNS.action)
SUBJECT_LENGTH = longest(COLUMNS.subject)


class ServerRecordSchema(ma.Schema):
    """One act, as moderators of a server see it."""

    id = ma.fields.Integer(required=True)
    at = Instant(required=True)
    actor = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    action = ma.fields.String(required=True)
    subject = ma.fields.String(required=True)
    server_id = ma.fields.Integer(required=True, allow_none=True)
    before = ma.fields.Raw(required=True, allow_none=True)
    after = ma.fields.Raw(required=True, allow_none=True)
    reason = ma.fields.String(required=True, allow_none=True)


class RecordSchema(ServerRecordSchema):
    """One act, with its origin."""

    request_id = ma.fields.String(required=True, allow_none=True)
    address = ma.fields.String(required=True, allow_none=True)


class ServerAuditQuery(PageQuery):
    """A filter on acts; the newest come first. Times are half open: since <= at < until."""

    actor_id = ma.fields.Integer(load_default=None, validate=Range(1, MAX_ID))
    action = ma.fields.String(load_default=None, validate=Length(1, ACTION_LENGTH))
    subject = ma.fields.String(load_default=None, validate=Length(1, SUBJECT_LENGTH))
    since = Instant(load_default=None, data_key="from")
    until = Instant(load_default=None, data_key="to")

    @ma.validates_schema
    def is_a_span(self, data: dict[str, Any], **options: Any) -> None:
        since, until = data["since"], data["until"]
        if since is not None and until is not None and until <= since:
            raise ma.ValidationError("Must be after 'from'.", "to")


class AuditQuery(ServerAuditQuery):
    """A filter on the acts of the whole platform."""

    server_id = ma.fields.Integer(load_default=None, validate=Range(1, MAX_ID))
