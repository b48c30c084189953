"""The tunables: each setting, its range, and whether a change of it is live.

Limits of guards are settings too, with names made from the guards' names: ``bulkhead:NAME`` for
bulkheads, ``rate_limit:NAME:DIMENSION`` for rate limits, with ``limit`` in place of a dimension for
all dimensions that have no limit of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from yoto.parts.rooms import ALL, chosen
from yoto.rules import Number, Whole
from yoto.settings import SETTINGS


@dataclass(frozen=True, slots=True)
class Tunable:
    """One setting.

    Attributes:
        key: its configuration key.
        whole: whether it is a whole number.
        unit: the unit of its value.
        low, high: the ends of its range, both allowed.
        live: whether a running worker takes a new value; else only a new worker does.
    """

    key: str
    whole: bool
    unit: str
    low: float
    high: float
    live: bool = True

    def fit(self, value: float) -> float:
        """The nearest allowed value."""
        fitted = min(max(value, self.low), self.high)
        return int(fitted) if self.whole else float(fitted)


# Settings of other rooms are tuned, too.
_SETTINGS = {**SETTINGS, **{key: one for room in chosen(ALL) for key, one in room.keys.items()}}


def _declared(key: str, live: bool = True) -> Tunable:
    rule = _SETTINGS[key].rule
    assert isinstance(rule, Whole | Number)
    return Tunable(key, isinstance(rule, Whole), rule.unit, rule.low, rule.high, live)


TUNABLES: dict[str, Tunable] = {
    key.lower(): _declared(key)
    for key in (
        "CACHE_USERS_SIZE",
        "CACHE_USERS_TTL",
        "CACHE_CONDITIONAL_SIZE",
        "CACHE_CONDITIONAL_TTL",
        "QUEUE_BATCH_SIZE",
        "PERMISSION_POOL_SIZE",
    )
} | {
    key.lower(): _declared(key, live=False)
    for key in ("DATABASE_POOL_SIZE", "REDIS_SOCKET_TIMEOUT")
}
LIVE = {name: tunable for name, tunable in TUNABLES.items() if tunable.live}

BULKHEAD, RATE_LIMIT = "bulkhead:", "rate_limit:"


def bulkhead_setting(name: str) -> str:
    """The name of the setting for a bulkhead's number of slots."""
    return f"{BULKHEAD}{name}"


def rate_limit_setting(name: str, dimension: str) -> str:
    """The name of the setting for the limit of a rate limit's dimension."""
    return f"{RATE_LIMIT}{name}:{dimension}"


def tunable_of(setting: str) -> Tunable:
    """The tunable of a setting of either kind.

    Raises:
        KeyError: there is no such setting.
    """
    if setting.startswith(BULKHEAD):
        name = setting.removeprefix(BULKHEAD)
        return Tunable(f"bulkhead {name} max_concurrent", True, "holders", 1, 100_000)
    if setting.startswith(RATE_LIMIT):
        name, _, dimension = setting.removeprefix(RATE_LIMIT).rpartition(":")
        key = f"rate_limit {name} {dimension} limit"
        return Tunable(key, True, "units", 1, 1_000_000_000)
    return TUNABLES[setting]
