"""Connects prefetching to the parts of an application that it listens to, and that ask it."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask

from yoto.monitor import Monitor
from yoto.optimization import AdvancedOptimization
from yoto.parts.live_settings import follow_keys
from yoto.permission import GrantedAccess, state_of

from .extension import Prefetch
from .series import samples
from .settings import LIVE

# How fields of ``tuning:fleet`` begin, which are named as the settings.
FIELDS = "prefetch_"


def wire(app: Flask) -> None:
    """Let ``app`` prefetch; nothing connects and no thread starts."""
    Prefetch().init_app(app, AdvancedOptimization.of(app).find("hot"))
    service, state = Prefetch.of(app), state_of(app)
    granted = state.on_granted
    assert isinstance(granted, GrantedAccess)
    granted.listen(service.recorder.granted)
    service.recorder.read_first(granted.flush)
    state.unusual = service.unusual
    configured = service.settings
    follow_keys(app, LIVE, FIELDS, lambda live: service.retune(replace(configured, **live)))
    Monitor.of(app).add_source("prefetching", lambda: samples(app))
