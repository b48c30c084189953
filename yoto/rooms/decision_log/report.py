"""The report of a replay: a recorded decision asked again, and why the verdict differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from yoto.permission.explain.report import plain

# Comparison of the present verdict with the recorded one.
SAME, TIME_PASSED, CHANGED, UNKNOWN = "same", "time_passed", "changed", "unknown"


@dataclass(frozen=True, slots=True)
class AuditedChange:
    """A change from the audit log that may have turned the verdict."""

    id: int
    at: datetime
    action: str
    subject: str
    actor_id: Any


@dataclass(frozen=True, slots=True)
class Replay:
    """A recorded decision and the same question now.

    Attributes:
        user_id: the application's id of the user, as in ``changes``.
        now: the present verdict; None: the question was too long for the record.
        outcome: ``same``: the verdict is the same; ``time_passed``: with the clock of then, today's
            rows give the recorded verdict, so only a window or time-out has begun or ended;
            ``changed``: something was changed since, ``changes`` says what; ``unknown``: the
                verdict differs and the audit log does not say why, or the present one is unknown.
        same_permissions: whether the user's permissions there are unchanged.
        text: the report as text for people.
    """

    record_id: int
    at: datetime
    user_id: Any
    asked: str
    scope: str
    recorded: tuple[bool, str]
    now: tuple[bool, str] | None
    outcome: str
    same_permissions: bool
    changes: tuple[AuditedChange, ...]
    text: str = ""


def replay_text(replay: Replay, policies: bool, masked: bool) -> str:
    """The replay in words.

    Args:
        policies: whether policies took part then.
        masked: whether parts of the context were left out.
    """
    lines = [
        f"record {replay.record_id}: user {plain(replay.user_id)}, {replay.asked}, {replay.scope}",
        f"at {replay.at.isoformat()}: {_verdict(replay.recorded)}",
        f"now: {_verdict(replay.now) if replay.now is not None else 'unknown'}",
    ]
    lines += {
        SAME: ["the same verdict"],
        TIME_PASSED: ["only time has passed: with the clock of then the verdict is the recorded"],
        CHANGED: ["changed since:"],
        UNKNOWN: [
            (
                "another verdict, and the audit log does not say why"
                if replay.now is not None
                else "the question was too long for the record, so it cannot be replayed"
            )
        ],
    }[replay.outcome]
    lines += [
        f"  {entry.at.isoformat()} {entry.action} {entry.subject}"
        f" by {_actor(entry.actor_id)} ({entry.id})"
        for entry in replay.changes
    ]
    if replay.outcome == SAME and not replay.same_permissions:
        lines.append("other permissions of the user there have changed since")
    if policies:
        lines.append("policies took part then; theirs may be other ones by now")
    if masked:
        lines.append("parts of the context were masked, so that policies may judge it differently")
    return "\n".join(lines)


def _actor(actor_id: Any) -> str:
    return "the system" if actor_id is None else f"user {plain(actor_id)}"


def _verdict(found: Sequence[Any]) -> str:
    allowed, reason = found
    return f"{'allowed' if allowed else 'denied'}: {reason}"
