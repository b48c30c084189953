"""Warm-up: loads hot entries into the cache, runs the rooms' first steps, and checks components."""

from yoto.rooms.warm_up.warming.report import WarmUpReport
from yoto.rooms.warm_up.warming.steps import ComponentState, WarmUpParts
from yoto.rooms.warm_up.warming.warm_up import WarmUp

__all__ = [
    "ComponentState",
    "WarmUp",
    "WarmUpParts",
    "WarmUpReport",
]
