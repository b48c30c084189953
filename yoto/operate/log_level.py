"""The log level of all workers. The configuration store audits each change."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypedDict

from flask import current_app

from yoto.auth.operators import ADMIN, VIEW
from yoto.errors import ValidationFailed, VersionConflict
from yoto.extensions import events, resilience
from yoto.http.operation import Author, Command, Reason, SeenVersion, Subject, Until
from yoto.logs import get_level
from yoto.moments import at_ms, moment
from yoto.resilience import FLEET, Kind, LogConfig, LogLevel, Origin
from yoto.store.columns import utcnow

PLATFORM = "yoto"  # the logger of all platform lines; in a host application it is not the root


class LogLevelState(TypedDict):
    """The level from which on lines are written."""

    level: Annotated[LogLevel | None, "What operators set for all workers; null: nothing"]
    until: Annotated[datetime | None, "When that is over by itself"]
    changed_at: datetime | None
    changed_by: str | None
    reason: str | None
    version: int
    configured: Annotated[LogLevel, "What holds otherwise, in the worker that answers"]
    in_force: Annotated[str, "In the worker that answers"]
    instance: Annotated[str, "The worker that answers"]


class LiveLogLevel(LogLevelState):
    """The log level after a change."""

    live: Annotated[bool, "False: recorded; workers follow when Redis is back"]


log_level = Subject(
    "log_level",
    "/log-level",
    "How much the fleet logs",
    "level",
    "control log-level",
    "Set how much all workers log.",
    {LogLevelState: "LogLevel"},
)


def _shown(found: LogLevelState, **given: Any) -> list[str]:
    if found["level"] is None:
        return [f"Each worker logs as it is configured; here {found['configured']}."]
    until = "" if found["until"] is None else f" until {moment(found['until'])}"
    return [
        f"All workers log from {found['level']} on{until}, by {found['changed_by']}: "
        f"{found['reason']}"
    ]


@log_level.operation(
    "GET", "", VIEW, Command("show", _shown, "Show what is set for all workers."), tagged=True
)
def read_log_level() -> LogLevelState:
    """The log level of all workers"""
    entry = resilience.config.get(Kind.LOG, FLEET)
    change = next((one for one in entry.layers if one.origin is Origin.OPERATOR), None)
    assert isinstance(entry.config, LogConfig)
    return {
        "level": entry.config.level,
        "until": _utc(change.expires_at) if change is not None else None,
        "changed_at": _utc(change.at) if change is not None else None,
        "changed_by": change.author if change is not None else None,
        "reason": change.reason if change is not None else None,
        "version": entry.version,
        "configured": current_app.config["LOG_LEVEL"],
        "in_force": get_level(PLATFORM),
        "instance": events.of(current_app).instance_id,
    }


@log_level.operation(
    "PUT",
    "",
    ADMIN,
    Command(
        "set",
        _shown,
        "Have every worker log from LEVEL on, also those that start later.",
        arguments=("level",),
    ),
    Command(
        "reset",
        _shown,
        "Have every worker log as it is configured.",
        {"level": None, "until": None},
    ),
    body="SetLogLevel",
    tagged=True,
)
def set_log_level(
    level: Annotated[LogLevel | None, "null: what each worker is configured to"],
    reason: Reason,
    by: Author,
    until: Until = None,
    version: SeenVersion = None,
) -> LiveLogLevel:
    """Set the log level of all workers, also of those that start later"""
    if level is None:
        if until is not None:
            raise ValidationFailed({"until": "what is taken back has no end"})
        receipt = resilience.config.delete(
            Kind.LOG, FLEET, author=by, reason=reason, version=version
        )
        return {**read_log_level(), "live": receipt.live}
    seconds = None if until is None else (until - utcnow()).total_seconds()
    if seconds is not None and seconds <= 0:
        raise ValidationFailed({"until": "is over already"})
    try:
        receipt = resilience.config.set(
            Kind.LOG,
            FLEET,
            {"level": level},
            author=by,
            reason=reason,
            expires_in=seconds,
            version=version,
        )
    except VersionConflict:
        raise
    except ValidationFailed as error:
        # The store takes seconds, callers of this operation give a time.
        raise ValidationFailed(
            {
                "until" if name == "expires_in" else name: message
                for name, message in error.errors.items()
            }
        ) from None
    return {**read_log_level(), "live": receipt.live}


def _utc(milliseconds: int) -> datetime | None:
    return at_ms(milliseconds) if milliseconds else None
