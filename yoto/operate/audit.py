"""The audit log, for operators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypedDict, Unpack

from marshmallow.validate import Length, OneOf, Regexp

from yoto.api import audit as service
from yoto.api.audit import ACTION_LENGTH, SUBJECT_LENGTH, Record
from yoto.auth.operators import VIEW
from yoto.http.fields import Instant
from yoto.http.operation import After, Limit, Subject, Table
from yoto.http.paging import PAGE_DEFAULT, Page
from yoto.http.shapes import Between
from yoto.nodes import MAX_ID
from yoto.operate.insight import has_insight
from yoto.store.columns import longest
from yoto.store.models import User

USERNAME_LENGTH = longest(User.__table__.c.username)
ACTION_PATTERN = r"[a-z0-9_.-]+"

# Prefixes of acts on the running platform. Their records do not reveal other people's rights, or
# what they do elsewhere.
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
# Acts on rights: roles, grants, groups, overwrites, accounts, measures against people.
RIGHTS = (
    "access_request.",
    "application.",
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
    "resource.",
    "role.",
    "second_factor.remove",
    "seed.",
    "server.rules",
    "server.transfer",
    "team.",
    "user.clearance",
    "user.create",
    "user.delete",
    "user.update",
)
# Sign-ins, failed tries, and the credentials for them: passwords, codes, tokens, devices.
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
# Changes of policies, which judge beside the rights of each user.
POLICIES = ("policy.",)
AREAS = {
    "operators_and_rights": OPERATIONS + RIGHTS,
    "operators": OPERATIONS,
    "rights": RIGHTS,
    "policies": POLICIES,
    "sign_ins": SIGN_INS,
}


audit = Subject("audit", "/audit", "Who changed what, from what to what, and why", "record")


class AuditFilter(TypedDict):
    """A filter on acts. Times are half open: from <= at < to."""

    actor_id: Annotated[int | None, Between(1, MAX_ID)]
    actor: Annotated[str | None, Length(1, USERNAME_LENGTH), "Username of who did it"]
    action: Annotated[
        str | None,
        Length(1, ACTION_LENGTH),
        Regexp(rf"{ACTION_PATTERN}\Z"),
        "How it begins, such as `alert.`",
    ]
    area: Annotated[str | None, OneOf(list(AREAS)), "Left out: everything, messages too"]
    subject: Annotated[str | None, Length(1, SUBJECT_LENGTH)]
    server_id: Annotated[int | None, Between(1, MAX_ID)]
    since: Annotated[datetime | None, partial(Instant, data_key="from")]
    until: Annotated[datetime | None, partial(Instant, data_key="to")]


@audit.operation("GET", "", VIEW)
def list_audit_records(
    after: After = None, limit: Limit = PAGE_DEFAULT, **wanted: Unpack[AuditFilter]
) -> Page[Record]:
    """The audit log, newest first

    Addresses, acts outside the control plane and acts on rights are shown only to operators who may
    know about others, which takes `admin.audit`.
    """
    insight = has_insight()
    page = service.records(after=after, limit=limit, **_query(wanted, insight))
    return page if insight else Page([_without_address(one) for one in page.items], page.next)


@audit.operation("GET", "/<int:record_id>", VIEW)
def read_audit_record(record_id: int) -> Record | None:
    """One act, if the caller may see acts of its kind"""
    found = service.record(record_id)
    insight = has_insight()
    if found is None or not (insight or found.action.startswith(OPERATIONS)):
        return None
    return found if insight else _without_address(found)


def row_of(record: Record) -> tuple[Any, ...]:
    """The record as a line of a table, with the states before and after as JSON."""
    author = record.after.get("author") if isinstance(record.after, dict) else None
    return (
        record.id,
        record.at.isoformat(),
        author if record.actor is None else record.actor.username,
        record.action,
        record.subject,
        record.server_id,
        _as_json(record.before),
        _as_json(record.after),
        record.reason,
        record.request_id,
        record.address,
    )


def _as_json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


COLUMNS = (
    *("id", "at", "actor", "action", "subject", "server_id"),
    *("before", "after", "reason", "request_id", "address"),
)


@audit.operation("GET", "/export", VIEW, file="audit.json", table=Table(COLUMNS, row_of))
def export_audit_records(**wanted: Unpack[AuditFilter]) -> Iterator[Record]:
    """All such records, newest first, as a file: one JSON array, or CSV"""
    insight = has_insight()
    found = service.all_records(**_query(wanted, insight))
    return found if insight else map(_without_address, found)


def _query(wanted: AuditFilter, insight: bool) -> dict[str, Any]:
    """The filter as ``service.records`` takes it, narrowed to acts that the caller may see."""
    service.check_span(wanted)
    query: dict[str, Any] = {**wanted}
    area, query["action_prefix"] = query.pop("area"), query.pop("action")
    if area is not None:
        query["families"] = [one for one in AREAS[area] if insight or one.startswith(OPERATIONS)]
    elif not insight:
        query["families"] = OPERATIONS
    return query


def _without_address(record: Record) -> Record:
    return replace(record, address=None)
