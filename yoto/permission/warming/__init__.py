"""Warm-up: loads hot entries into the cache, runs the rooms' first steps, and checks components."""

from yoto.permission.warming.parts import ComponentState, WarmUpParts
from yoto.permission.warming.report import WarmUpReport
from yoto.permission.warming.warm_up import WarmUp

__all__ = [
    "ComponentState",
    "WarmUp",
    "WarmUpParts",
    "WarmUpReport",
]
