"""Connects prefetching to the parts of an application that it listens to, and that ask it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Flask

from yoto.monitor import Monitor
from yoto.optimization import AdvancedOptimization
from yoto.permission import GrantedAccess, state_of
from yoto.resilience import FLEET, Kind, Resilience, Settings

from .extension import Prefetch
from .series import samples
from .service import PrefetchService
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
    Resilience.of(app).on_config_change(Kind.TUNING, FLEET, _follower(service))
    Monitor.of(app).add_source("prefetching", lambda: samples(app))


def _follower(service: PrefetchService) -> Callable[[Settings], None]:
    configured = service.settings

    def follow(config: Settings) -> None:
        values = config.to_mapping()
        live = {name: values[name] for name in map(str.lower, LIVE) if values[name] is not None}
        changed = {name.removeprefix(FIELDS): value for name, value in live.items()}
        service.retune(replace(configured, **changed))

    return follow
