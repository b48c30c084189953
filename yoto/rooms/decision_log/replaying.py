"""``permissions.replay``: a recorded question asked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.engine import Connection

from yoto.errors import UnknownPermission, UnknownResource
from yoto.nodes import APPLICATIONS, shown_text
from yoto.permission.audited import (
    PUBLIC,
    TEAM,
    TURNING,
    members_by,
    nested_by,
    recorded_in,
    subject_id,
)
from yoto.permission.checking.deciding import answer_of, decide
from yoto.permission.database.statements import audit
from yoto.permission.directory import renew_people
from yoto.permission.explain.facts import ExplanationFacts, resolve_facts
from yoto.permission.explain.loading import load_facts
from yoto.permission.loading.source import reading
from yoto.permission.masking import MASKED
from yoto.permission.people.numbers import own_ids
from yoto.permission.registry.expressions import NAME_PATTERN, compile_expression
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.requirement import Asked, Operator, Requirement
from yoto.permission.registry.scopes import Place, checked_id, place_key, place_of_text
from yoto.permission.state import PermissionState, get_state
from yoto.permission.verdict.resolver import Resolution
from yoto.permission.verdict.verdict import is_blocked, reason_of
from yoto.rooms.decision_log.counts import Judged, Trend, judged_of_late
from yoto.rooms.decision_log.counts import trend as trend_of
from yoto.rooms.decision_log.log import is_whole, mask_hash
from yoto.rooms.decision_log.reading import (
    WALK_SECONDS,
    RecordFilter,
    RecordPage,
    Size,
    page_of_records,
    record_of,
    size_of,
)
from yoto.rooms.decision_log.report import (
    CHANGED,
    SAME,
    TIME_PASSED,
    UNKNOWN,
    AuditedChange,
    Replay,
    replay_text,
)

PLACE_GONE = "place_gone"
CHANGES_MAX = 50
ASSIGNMENTS_MAX = 1_000  # changes that are searched for roles, or for teams
# Facts that only policies read; they change verdicts where policies take part.
READ_BY_POLICIES = (
    "channel.rules",
    "emergency_access.end",
    "emergency_access.take",
    "server.rules",
    "user.clearance",
)
OF_TEAMS = sorted(action for action in TURNING if action.startswith("team."))
PLACE_DELETED = ("channel.delete", "server.delete")
CHANGING = sorted({*TURNING, *READ_BY_POLICIES, *PLACE_DELETED})


class Replaying:
    """``permissions.decision_log``: replays recorded decisions."""

    def decisions(
        self,
        wanted: RecordFilter,
        after: int | None = None,
        limit: int = 50,
        seconds: float = WALK_SECONDS,
    ) -> RecordPage:
        """Recorded decisions, newest first.

        Args:
            after: the ``next`` of the page before.
            limit: the most records of a page.
            seconds: time after which a page ends with its finds; the next one goes on there.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        with reading() as connection:
            return page_of_records(connection, wanted, after, limit, seconds=seconds)

    def decision(self, record_id: int) -> Row[Any]:
        """One recorded decision with all its data; raises as ``replay``."""
        checked_id(record_id, "record_id")
        with reading() as connection:
            record = record_of(connection, record_id)
        if record is None:
            raise UnknownResource("decision record", record_id, "record_id")
        return record

    def trend(self, days: int, lines: int = 10) -> Trend:
        """The numbers of decisions, by hour up to a week and by day up to 30 days.

        Denials are exact; allowed decisions are estimated from the sample that is recorded.

        Args:
            lines: the most values of permissions, places and reasons, the most denied first.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        now = get_state().clock()
        with reading() as connection:
            return trend_of(connection, days, now, lines)

    def size(self) -> Size:
        """The size of the log. Raises as ``decisions``."""
        with reading() as connection:
            return size_of(connection)

    def judged(self) -> Mapping[str, Judged]:
        """How many of the latest decisions policies took part in, by permission or expression.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        return judged_of_late()

    def replay(self, record_id: int) -> Replay:
        """Ask the question of a decision record again.

        A replay is no use of the permission, and is not recorded itself.

        Raises:
            ValidationFailed: not an id.
            UnknownResource: there is no such record, or it is no longer kept.
            StoreUnavailable: the database did not answer.
        """
        state = get_state().quiet()
        record = self.decision(record_id)
        replay = _compare(state, record)
        with reading():
            own = own_ids(
                [record.user_id, *(one.actor_id for one in replay.changes if one.actor_id)]
            )
        changes = tuple(
            replace(one, actor_id=own.get(one.actor_id, one.actor_id)) for one in replay.changes
        )
        replay = replace(replay, user_id=own.get(record.user_id, record.user_id), changes=changes)
        policies = record.policy_version is not None
        return replace(replay, text=replay_text(replay, policies, MASKED in str(record.context)))


# It holds nothing: what it is asked, it asks the current application.
REPLAYING = Replaying()


def _compare(state: PermissionState, record: Row[Any]) -> Replay:
    place = place_of_text(record.scope)
    recorded = (bool(record.allowed), record.reason)
    now: tuple[bool, str] | None
    try:
        now, mask = _ask(state, record, place)
    except UnknownResource:
        now, mask = (False, PLACE_GONE), 0
    except UnknownPermission:
        now, mask = None, 0
    same_permissions = mask_hash(mask) == record.mask_hash
    replay = Replay(
        record_id=record.id,
        at=record.at,
        user_id=record.user_id,
        asked=record.asked,
        scope=shown_text(record.scope),
        recorded=recorded,
        now=now,
        outcome=SAME,
        same_permissions=same_permissions,
        changes=(),
    )
    if now == recorded:
        return replay
    if now is None:
        return replace(replay, outcome=UNKNOWN)
    renew_people([record.user_id])
    with reading() as connection:
        if now[1] == PLACE_GONE:
            changes = _changes(connection, record, place, None)
        else:
            permission = state.registry.snapshot.by_name.get(record.asked)
            named = permission or next(iter(state.registry.snapshot.by_name.values()))
            facts = load_facts(connection, record.user_id, place, named)
            then = resolve_facts(facts, state.registry, record.at.timestamp())
            if record.policy_version is None and _judged(state, record, then) == recorded:
                return replace(replay, outcome=TIME_PASSED)
            changes = _changes(connection, record, place, facts)
    return replace(replay, outcome=CHANGED if changes else UNKNOWN, changes=changes)


def _ask(
    state: PermissionState, record: Row[Any], place: Place
) -> tuple[tuple[bool, str] | None, int]:
    """The present verdict, None for a shortened question, and the user's permissions there."""
    mask = answer_of(state, record.user_id, place).resolution.mask
    if not is_whole(record.asked):
        return None, mask
    asked = _asked(state, record)
    decision = decide(state, record.user_id, asked, place_key(place), record.context)
    return (decision.allowed, decision.reason), mask


def _judged(state: PermissionState, record: Row[Any], resolution: Resolution) -> tuple[bool, str]:
    """The verdict of a resolution; for an expression with the recorded reason."""
    asked = _asked(state, record)
    if isinstance(asked, RegisteredPermission):
        return bool(resolution.mask & asked.mask), reason_of(resolution, asked)
    return not is_blocked(resolution) and asked.bound.matches(resolution.mask), record.reason


def _is_name(asked: str) -> bool:
    return NAME_PATTERN.fullmatch(asked) is not None


def _asked(state: PermissionState, record: Row[Any]) -> Asked:
    if _is_name(record.asked):
        return state.registry.get(record.asked)
    operator = Operator(record.operator) if record.operator else None
    return state.registry.bind(Requirement(compile_expression(record.asked), operator))


def _changes(
    connection: Connection, record: Row[Any], place: Place, facts: ExplanationFacts | None
) -> tuple[AuditedChange, ...]:
    """Later audit records about the question.

    They are about the user, their roles and teams, the public, the place, and all groups.

    Beyond ``CHANGES_MAX``, only the last ones.
    """
    home = facts.home if facts is not None else None
    user = f"user:{record.user_id}"
    changed = and_(audit.c.at > record.at, audit.c.action.in_(CHANGING))
    holders = {user, PUBLIC, *_teams(connection, record, facts)}
    if home is not None:
        holders.add(home)  # the name of all members in records
    subjects = {*holders, str(place)}
    if record.user_id > APPLICATIONS:
        subjects.add(f"application:{record.user_id - APPLICATIONS}")
    if facts is not None:
        subjects |= {*facts.site.nodes, *facts.site.overwritten}
        subjects |= {f"role:{role_id}" for role_id in facts.roles}
    assignments = (
        select(audit.c.before, audit.c.after)
        .where(changed, audit.c.subject.in_(sorted(holders)))
        .order_by(audit.c.id.desc())
        .limit(ASSIGNMENTS_MAX)
    )
    subjects |= _roles_in(connection.execute(assignments))
    latest = (
        select(*(audit.c[column.name] for column in fields(AuditedChange)))
        .where(
            changed,
            or_(
                audit.c.subject.in_(sorted(subjects)),
                audit.c.subject.startswith("group:", autoescape=True),
            ),
            or_(recorded_in(home), audit.c.subject == str(place)),
        )
        .order_by(audit.c.id.desc())
        .limit(CHANGES_MAX)
    )
    return tuple(AuditedChange(*row) for row in reversed(connection.execute(latest).all()))


def _teams(
    connection: Connection, record: Row[Any], facts: ExplanationFacts | None
) -> Iterable[str]:
    """The teams of the user, and their earlier teams by later log records."""
    found = {one.team_id for one in facts.teams} if facts is not None else set()
    rows = connection.execute(
        select(*(audit.c[name] for name in ("subject", "before", "after")))
        .where(audit.c.at > record.at, audit.c.action.in_(OF_TEAMS))
        .order_by(audit.c.id.desc())
        .limit(ASSIGNMENTS_MAX)
    ).all()
    found |= {subject_id(row) for row in rows if record.user_id in members_by(row)}
    edges = {edge for row in rows for edge in nested_by(row)}
    while above := {parent for team, parent in edges if team in found} - found:
        found |= above
    return [f"{TEAM}{team_id}" for team_id in found]


def _roles_in(rows: Iterable[Row[Any]]) -> set[str]:
    """The roles that a user got or lost by these changes."""
    ids = {
        role_id
        for row in rows
        for values in row
        if isinstance(values, dict)
        for role_id in (values.get("role_id"), *(values.get("role_ids") or ()))
    }
    return {f"role:{role_id}" for role_id in ids if role_id is not None}
