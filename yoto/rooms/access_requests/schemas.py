"""Access requests on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import OneOf

from yoto.api.permissions.checks.schemas import NAME_LENGTH
from yoto.http.fields import (
    REASON_LENGTH,
    Instant,
    Name,
    NodeId,
    ReasonSchema,
    Text,
    TypeName,
    Whole,
    with_node_id,
)
from yoto.http.paging import PageQuery
from yoto.rooms.access_requests.states import RequestState

STATES = [state.value for state in RequestState]
MINE, INBOX = "mine", "inbox"
HOUR = 3_600  # s
# Bounds what a body may say; the setting bounds what is lent.
LONGEST = 31_536_000


class NewAccessRequestSchema(ma.Schema):
    """The rights that the caller wants to be lent, for what, and for how long."""

    permission = Name(NAME_LENGTH, required=True)
    scope = TypeName(everywhere=False, required=True)
    scope_id = NodeId(required=True)
    seconds = Whole(1, LONGEST, load_default=HOUR)
    reason = Text(REASON_LENGTH, min_length=1, required=True)
    also = ma.fields.List(
        Name(NAME_LENGTH),
        load_default=[],
        metadata={"description": "Further permissions that the act takes: one decision for all"},
    )

    @ma.post_load
    def as_its_type_has_it(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        return with_node_id(data, "scope", "scope_id")


class AccessRequestQuery(PageQuery):
    """A filter on requests: the caller's own, or those that the caller may grant."""

    box = ma.fields.String(load_default=MINE, validate=OneOf([MINE, INBOX]))
    state = ma.fields.String(load_default=None, validate=OneOf(STATES))


class AccessGrantSchema(ReasonSchema):
    """The duration of the grant; left out: as requested."""

    seconds = Whole(1, LONGEST, load_default=None, allow_none=True)


class ApprovalSchema(ma.Schema):
    """One person's consent."""

    by = ma.fields.String(required=True, metadata={"description": "Such as user:42"})
    by_name = ma.fields.String(required=True, allow_none=True)
    at = Instant(required=True)
    seconds = ma.fields.Integer(required=True)
    reason = ma.fields.String(required=True, allow_none=True)


class AccessRequestSchema(ma.Schema):
    """A request and its state."""

    id = ma.fields.Integer(required=True)
    user_id = NodeId(required=True, allow_none=True)
    username = ma.fields.String(required=True, allow_none=True)
    display_name = ma.fields.String(required=True, allow_none=True)
    permission = ma.fields.String(required=True)
    also = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "Further permissions that are lent or refused with it"},
    )
    scope = ma.fields.String(required=True)
    scope_id = NodeId(required=True)
    place_name = ma.fields.String(required=True, allow_none=True)
    reason = ma.fields.String(required=True)
    seconds = ma.fields.Integer(required=True)
    state = ma.fields.String(required=True, validate=OneOf(STATES))
    needed = ma.fields.Integer(
        required=True, metadata={"description": "How many persons must approve"}
    )
    approvals = ma.fields.List(ma.fields.Nested(ApprovalSchema), required=True)
    may_decide = ma.fields.Boolean(
        required=True, metadata={"description": "Whether the caller may grant or refuse it now"}
    )
    created_at = Instant(required=True)
    due_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "When it lapses, or what was granted ends, by itself"},
    )
    until = Instant(
        required=True, allow_none=True, metadata={"description": "The end that was granted"}
    )
    decided_at = Instant(required=True, allow_none=True)
    decided_by = ma.fields.String(required=True, allow_none=True)
    decided_by_name = ma.fields.String(required=True, allow_none=True)
    decision = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Why, in their words"}
    )
    ended_at = Instant(required=True, allow_none=True)
