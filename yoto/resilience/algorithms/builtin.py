"""The algorithms that are always there; ``docs/resilience.md`` compares them."""

from __future__ import annotations

from yoto.redis import load_lua

from ..scripts import PACKAGE
from .algorithm import Algorithm, Leases
from .fixed_window import FixedWindow
from .leaky_bucket import LeakyBucket
from .meter import Quota
from .registry import register_algorithm
from .sliding_log import SlidingLog
from .sliding_window import SlidingWindow
from .token_bucket import TokenBucket


def _lua(name: str) -> str:
    return load_lua(PACKAGE, f"limiter_{name}.lua")


def _unit_by_unit(quota: Quota) -> float | None:
    return quota.interval if quota.limit > 0 else None


def _all_at_once(quota: Quota) -> float | None:
    return quota.window


DEFAULT_ALGORITHM = register_algorithm(
    Algorithm(
        name="token_bucket",
        lua=_lua("token_bucket"),
        meter=TokenBucket,
        code="tb",
        bursts=True,
        step=_unit_by_unit,
        leases=Leases.IN_STATE,
    )
)
register_algorithm(
    Algorithm(
        name="sliding_window",
        lua=_lua("sliding_window"),
        meter=SlidingWindow,
        code="sw",
        leases=Leases.IN_STATE,
    )
)
register_algorithm(
    Algorithm(
        name="sliding_log",
        lua=_lua("sliding_log"),
        meter=SlidingLog,
        code="sl",
        leases=Leases.LONGER_WINDOW,
    )
)
register_algorithm(
    Algorithm(
        name="fixed_window",
        lua=_lua("fixed_window"),
        meter=FixedWindow,
        code="fw",
        step=_all_at_once,
        leases=Leases.IN_STATE,
    )
)
register_algorithm(
    Algorithm(
        name="leaky_bucket",
        lua=_lua("leaky_bucket"),
        meter=LeakyBucket,
        code="lb",
        bursts=True,
        step=_unit_by_unit,
        leases=Leases.IN_STATE,
    )
)
