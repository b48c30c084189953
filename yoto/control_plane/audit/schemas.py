"""Which records of the audit log operators ask for."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range, Regexp

from yoto.http.fields import MAX_ID, Instant
from yoto.http.paging import PageQuery
from yoto.store.models import AuditRecord, User
from yoto.store.models.types import longest

COLUMNS = AuditRecord.__table__.c
ACTION_LENGTH = longest(COLUMNS.action)
SUBJECT_LENGTH = longest(COLUMNS.subject)
USERNAME_LENGTH = longest(User.__table__.c.username)
ACTION_PATTERN = r"[a-z0-9_.-]+"

# How acts on what runs begin: they say nothing of what other people may do, or do elsewhere.
OPERATIONS = (
    "alert.",
    "breaker.",
    "cache.",
    "control.",
    "events.",
    "instance.",
    "lock.",
    "maintenance.",
    "policy.",
    "prefetch.cancel",
    "prefetch.pause",
    "prefetch.resume",
    "queue.",
    "resilience.",
)
# Who may do what: roles, grants, groups, overwrites, accounts, measures against people.
RIGHTS = (
    "channel.rules",
    "channel.sync",
    "channel.unsync",
    "emergency.",
    "emergency_access.",
    "group.",
    "matrix.",
    "member.ban",
    "member.kick",
    "member.timeout",
    "member.unban",
    "operator.",
    "overwrite.",
    "permission.",
    "role.",
    "second_factor.remove",
    "seed.",
    "server.rules",
    "server.transfer",
    "user.clearance",
    "user.create",
    "user.update",
)
# Who got in, who tried, and with what: passwords, codes, tokens, devices.
SIGN_INS = (
    "api_token.",
    "control.break_glass",
    "control.sign_in",
    "control.sign_out",
    "device.",
    "operator.end_sessions",
    "second_factor.",
    "secrets.",
    "sign_in.",
    "token.",
    "user.change_password",
    "user.register",
)
AREAS = {
    "operators_and_rights": OPERATIONS + RIGHTS,
    "operators": OPERATIONS,
    "rights": RIGHTS,
    "sign_ins": SIGN_INS,
}


class AuditFilter(ma.Schema):
    """Which acts. Times are half open: from <= at < to."""

    actor_id = ma.fields.Integer(load_default=None, validate=Range(1, MAX_ID))
    actor = ma.fields.String(
        load_default=None,
        validate=Length(1, USERNAME_LENGTH),
        metadata={"description": "Username of who did it"},
    )
    action = ma.fields.String(
        load_default=None,
        validate=[Length(1, ACTION_LENGTH), Regexp(rf"{ACTION_PATTERN}\Z")],
        attribute="action_prefix",
        metadata={"description": "How it begins, such as `alert.`"},
    )
    area = ma.fields.String(
        load_default=None,
        validate=OneOf(list(AREAS)),
        metadata={"description": "Left out: everything, messages too"},
    )
    subject = ma.fields.String(load_default=None, validate=Length(1, SUBJECT_LENGTH))
    server_id = ma.fields.Integer(load_default=None, validate=Range(1, MAX_ID))
    since = Instant(load_default=None, data_key="from")
    until = Instant(load_default=None, data_key="to")

    @ma.validates_schema
    def is_a_span(self, data: dict[str, Any], **options: Any) -> None:
        since, until = data["since"], data["until"]
        if since is not None and until is not None and until <= since:
            raise ma.ValidationError("Must be after 'from'.", "to")


class AuditPageQuery(AuditFilter, PageQuery):
    """The same, a page at a time, newest first."""
