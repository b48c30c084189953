"""Warm-up: what is hot into the cache, history into the forecaster, a look at each component."""

from app.core.permission.warming.parts import ComponentState, WarmUpParts
from app.core.permission.warming.report import StepReport, WarmUpReport
from app.core.permission.warming.warm_up import WarmUp

__all__ = ["ComponentState", "StepReport", "WarmUp", "WarmUpParts", "WarmUpReport"]
