"""The kinds of live configuration, and the class of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from yoto.errors import ValidationFailed
from yoto.rules import OneOf, checked, is_text

from ..settings import (
    BulkheadConfig,
    CircuitBreakerConfig,
    DegradationConfig,
    LogConfig,
    RateLimitConfig,
    Settings,
    TuningConfig,
)
from ..settings.switches import ForcedStateConfig, SwitchConfig
from ..settings.tuning import RolloutConfig


class Kind(StrEnum):
    """A kind of configuration; one name may have an entry of each."""

    CIRCUIT_BREAKER = "circuit_breaker"
    RATE_LIMIT = "rate_limit"
    BULKHEAD = "bulkhead"
    DEGRADATION = "degradation"
    SWITCH = "switch"
    FORCED_BREAKER = "forced_breaker"
    TUNING = "tuning"
    LOG = "log"
    ALERT_RULE = "alert_rule"
    ROLLOUT = "rollout"


_CLASSES: Mapping[Kind, type[Settings]] = {
    Kind.CIRCUIT_BREAKER: CircuitBreakerConfig,
    Kind.RATE_LIMIT: RateLimitConfig,
    Kind.BULKHEAD: BulkheadConfig,
    Kind.DEGRADATION: DegradationConfig,
    Kind.SWITCH: SwitchConfig,
    Kind.FORCED_BREAKER: ForcedStateConfig,
    Kind.TUNING: TuningConfig,
    Kind.LOG: LogConfig,
    Kind.ROLLOUT: RolloutConfig,
}

# The breaker of the connection to Redis: see ``redis_breaker.py``.
REDIS_BREAKER = "redis"
# The one entry of kinds that are for all processes.
FLEET = "fleet"
_OF_FLEET = (Kind.TUNING, Kind.LOG)
_BREAKERS = (Kind.CIRCUIT_BREAKER, Kind.FORCED_BREAKER)

# Characters. The column of the record is as wide.
LONGEST_NAME = 128
# A name stands in keys, URLs and log lines; control characters and spaces have no place there.
_NAME = re.compile(r"[^\s\x00-\x1f\x7f]+")


def class_of(kind: Kind) -> type[Settings]:
    """The class of a kind's configuration."""
    if kind is not Kind.ALERT_RULE:
        return _CLASSES[kind]
    # For watchers: applications with only guards do not need it.
    from yoto.monitor.alert_rules import AlertRule

    return AlertRule


def parse_kind(kind: str) -> Kind:
    """The kind of that name.

    Raises:
        ValidationFailed: there is none.
    """
    return Kind(checked("kind", kind, OneOf(Kind)))


def check_name(name: str) -> str:
    """The name, if an entry can have it.

    Raises:
        ValidationFailed: empty, too long, or with white space in it.
    """
    if not is_text(name) or len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise ValidationFailed(
            {"name": f"must be 1 to {LONGEST_NAME} characters without spaces, not {name!r}"}
        )
    return name


def check_entry(kind: Kind, name: str) -> tuple[Kind, str]:
    """The key of an entry that code or an operator may have.

    Raises:
        ValidationFailed: the name is malformed, or reserved: it cannot be configured.
    """
    if kind in _BREAKERS and name == REDIS_BREAKER:
        raise ValidationFailed({"name": "redis opens and closes by itself; choose another name"})
    if kind in _OF_FLEET and name != FLEET:
        raise ValidationFailed({"name": f"must be '{FLEET}': it is for all processes"})
    return kind, check_name(name)
