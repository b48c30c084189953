"""Warm-up: what is hot into the cache, history into the forecaster, a look at each component."""

from yoto.permission.warming.parts import ComponentState, WarmUpParts
from yoto.permission.warming.report import WarmUpReport
from yoto.permission.warming.warm_up import WarmUp

__all__ = [
    "ComponentState",
    "WarmUp",
    "WarmUpParts",
    "WarmUpReport",
]
