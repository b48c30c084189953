"""Policies in the search and the status of the control plane."""

from __future__ import annotations

from collections.abc import Iterator

from yoto.operate.finding import Hit, fits
from yoto.operate.live.components import FAILED, OK, UNKNOWN, Part
from yoto.operate.overrides import page_at
from yoto.rooms.policies.engine.protocol import EngineHealth

from .manager import policy


def found(text: str, most: int, called: object) -> Iterator[Hit]:
    """Policies in force whose name contains the text."""
    fitting = [one.name for one in policy.list() if fits(one.name, text)]
    for name in fitting[:most]:
        yield Hit("policy", f"policy:{name}", name, None, page_at("policies", policy=name))


def engine_part(health: EngineHealth, at: int) -> Part:
    """The policy engine."""
    state = {"ok": OK, "unavailable": FAILED}.get(health.state, UNKNOWN)
    return Part("policies", "policy", state, health.detail, at, health.latency_ms, "ms")
