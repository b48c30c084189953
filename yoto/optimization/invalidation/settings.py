"""How the invalidation queue judges itself, how fast it works, and how far ahead it looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from yoto.errors import ConfigurationError


class Strategy(StrEnum):
    """How queued items become entries of the log.

    ``conservative`` publishes single subjects, so many a second. ``auto`` publishes one covering
    subject in place of many single ones and paces the rest. ``aggressive`` covers whatever can be
    covered, paces nothing, and in place of too many subjects publishes that everything changed.
    """

    CONSERVATIVE = "conservative"
    AUTO = "auto"
    AGGRESSIVE = "aggressive"


# Instead of a strategy: the one that the analysis says.
BY_ANALYSIS = "by_analysis"
STRATEGIES = (BY_ANALYSIS, *Strategy)


@dataclass(frozen=True, slots=True)
class InvalidationSettings:
    """Settings of the queue and of what is known ahead; times in seconds.

    Attributes:
        strategy: one for always, or ``by_analysis``.
        attention, warning, critical: a queue of more items than this is that serious.
        pace: single items a second that ``conservative`` and ``auto`` publish.
        merge_above: ``auto`` covers more items than this that one subject covers; so are those
            that are due at the same time, by any strategy.
        global_above: in place of more subjects than this ``aggressive`` publishes ``global``.
        max_delay: an item that waits longer is published whatever the pace.
        interval: between two looks at a queue that nobody here has put anything into.
        boundary_interval: between two looks at the database for what is known ahead.
        boundary_horizon: how far ahead; more than two intervals, so that nothing is late.
        boundary_margin: after a moment until it is told, since clocks differ.
        boundary_fallback: how far back the first look goes when nobody knows of an earlier one.
    """

    strategy: str = BY_ANALYSIS
    attention: int = 100
    warning: int = 500
    critical: int = 1_000
    pace: int = 200
    merge_above: int = 20
    global_above: int = 200
    max_delay: float = 30.0
    interval: float = 1.0
    boundary_interval: float = 1.0
    boundary_horizon: float = 30.0
    boundary_margin: float = 0.5
    boundary_fallback: float = 3_600.0

    @property
    def fixed_strategy(self) -> Strategy | None:
        """The strategy for always; None: what the analysis says."""
        return None if self.strategy == BY_ANALYSIS else Strategy(self.strategy)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> InvalidationSettings:
        """Read what ``config`` has of ``INVALIDATION_STRATEGY`` and the keys in ``RANGES``.

        Raises:
            ConfigurationError: a value is wrong; it names the key.
        """
        given: dict[str, Any] = {}
        strategy = config.get(STRATEGY_KEY, BY_ANALYSIS)
        if strategy not in STRATEGIES:
            raise ConfigurationError(
                STRATEGY_KEY, f"must be one of {', '.join(STRATEGIES)}, not {strategy!r}"
            )
        for key, (name, kind, low, high) in RANGES.items():
            if config.get(key) is not None:
                given[name] = _number(key, config[key], kind, low, high)
        settings = cls(strategy=str(strategy), **given)
        if not settings.attention < settings.warning < settings.critical:
            raise ConfigurationError(
                "INVALIDATION_WARNING",
                "must lie between INVALIDATION_ATTENTION and INVALIDATION_CRITICAL",
            )
        if settings.boundary_horizon <= 2 * settings.boundary_interval:
            raise ConfigurationError(
                "INVALIDATION_BOUNDARY_HORIZON",
                "must be more than twice INVALIDATION_BOUNDARY_INTERVAL",
            )
        return settings


STRATEGY_KEY = "INVALIDATION_STRATEGY"
# Configuration key to attribute, type, lowest and highest value.
RANGES: dict[str, tuple[str, type[int] | type[float], float, float]] = {
    "INVALIDATION_ATTENTION": ("attention", int, 1, 10_000_000),
    "INVALIDATION_WARNING": ("warning", int, 2, 10_000_000),
    "INVALIDATION_CRITICAL": ("critical", int, 3, 10_000_000),
    "INVALIDATION_PACE": ("pace", int, 1, 100_000),
    "INVALIDATION_MERGE_ABOVE": ("merge_above", int, 1, 1_000_000),
    "INVALIDATION_GLOBAL_ABOVE": ("global_above", int, 1, 1_000_000),
    "INVALIDATION_MAX_DELAY": ("max_delay", float, 0.1, 3_600),
    "INVALIDATION_INTERVAL": ("interval", float, 0.05, 60),
    "INVALIDATION_BOUNDARY_INTERVAL": ("boundary_interval", float, 0.05, 60),
    "INVALIDATION_BOUNDARY_HORIZON": ("boundary_horizon", float, 0.2, 3_600),
    "INVALIDATION_BOUNDARY_MARGIN": ("boundary_margin", float, 0, 60),
    "INVALIDATION_BOUNDARY_FALLBACK": ("boundary_fallback", float, 60, 604_800),
}


def _number(key: str, value: Any, kind: type[int] | type[float], low: float, high: float) -> Any:
    allowed = (int, float) if kind is float else int
    if isinstance(value, bool) or not isinstance(value, allowed) or not low <= value <= high:
        what = "a whole number" if kind is int else "a number"
        raise ConfigurationError(key, f"must be {what} from {low:g} to {high:g}, not {value!r}")
    return value
