"""The level of logs as operators see and set it. The configuration store audits what is done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import current_app

from yoto.errors import ValidationFailed, VersionConflict
from yoto.extensions import events, resilience
from yoto.logs import get_level
from yoto.resilience import FLEET, Kind, LogConfig, Origin, Receipt
from yoto.store.db import utcnow

PLATFORM = "yoto"  # the logger of all of its lines, which is not the root where it is a guest


def state() -> dict[str, Any]:
    """What is set for all workers, and what holds in this one."""
    entry = resilience.config.get(Kind.LOG, FLEET)
    change = next((one for one in entry.layers if one.origin is Origin.OPERATOR), None)
    assert isinstance(entry.config, LogConfig)
    return {
        "level": entry.config.level,
        "until": _moment(change.expires_at) if change is not None else None,
        "changed_at": _moment(change.at) if change is not None else None,
        "changed_by": change.author if change is not None else None,
        "reason": change.reason if change is not None else None,
        "version": entry.version,
        "configured": current_app.config["LOG_LEVEL"],
        "in_force": get_level(PLATFORM),
        "instance": events.of(current_app).instance_id,
    }


def set_level(
    level: str | None, *, until: datetime | None, by: str, reason: str, version: int | None = None
) -> dict[str, Any]:
    """Have every worker log from ``level`` on; None: as each is configured.

    Args:
        version: the version that the change was made from; None: whatever there is.

    Raises:
        ValidationFailed: no level, or ``until`` is over, or given for no level.
        VersionConflict: somebody else changed it meanwhile.
        StoreUnavailable: it could not be recorded; nothing changed.
    """
    if level is None:
        if until is not None:
            raise ValidationFailed({"until": "what is taken back has no end"})
        return _done(
            resilience.config.delete(Kind.LOG, FLEET, author=by, reason=reason, version=version)
        )
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
        raise _as_until(error) from None
    return _done(receipt)


def _done(receipt: Receipt) -> dict[str, Any]:
    return {**state(), "live": receipt.live}


def _as_until(error: ValidationFailed) -> ValidationFailed:
    """The store speaks of seconds, its callers here of a time."""
    return ValidationFailed(
        {"until" if field == "expires_in" else field: said for field, said in error.errors.items()}
    )


def _moment(milliseconds: int) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
