"""Connects hot counts, preloading and the warm-up to the parts of an application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from flask import Flask, current_app

from yoto.events import Events
from yoto.health import probe
from yoto.monitor import Monitor
from yoto.optimization import AdvancedOptimization, OptimizationState
from yoto.parts.live_settings import follow_keys
from yoto.permission import AccessGranted, GrantedAccess, state_of
from yoto.room import of_rooms, rooms_of
from yoto.settings import settings_of

from .extension import EXTENSION, Warming, warming_of
from .handlers import HANDLERS
from .hot import HotCounts
from .preloading import Preloading
from .series import hot_samples, preload_samples
from .settings import LIVE, HotSettings, PreloadSettings
from .warming import ComponentState, WarmUp, WarmUpParts

# The prefix of fields of ``tuning:fleet``, which are named like the settings; and the switch.
FIELDS, SWITCH = "preload_", "preload"


def provide(state: OptimizationState) -> dict[str, Any]:
    """The hot counts of an application; nothing connects and no thread starts.

    Raises:
        ConfigurationError: a value is out of its range; it names the key.
    """
    return {"hot": HotCounts(state.redis, HotSettings.from_config(settings_of(state.app)))}


def wire(app: Flask) -> None:
    """Let ``app`` count, preload and warm up; nothing connects and no thread starts."""
    optimization, state = AdvancedOptimization.of(app), state_of(app)
    hot, caching, granted = optimization.hot, state.caching, state.on_granted
    assert caching is not None and isinstance(granted, GrantedAccess)
    granted.listen(lambda access: _note(hot, access))
    hot.read_first(granted.flush)
    settings = settings_of(app)
    preloading = Preloading(
        app,
        caching.cache,
        caching.source,
        caching.pool,
        optimization.locks,
        hot,
        PreloadSettings.from_config(settings),
    )
    parts = WarmUpParts(
        more={name: step for one in rooms_of(app) for name, step in one.warm_up.items()},
        components=_component_states,
        publish=Events.of(app).stream.publish,
        limit=settings["WARM_UP_SECONDS"],
    )
    warming = app.extensions[EXTENSION] = Warming(preloading, WarmUp(app, preloading, parts))
    state.figures |= {
        "preload": lambda: asdict(preloading.stats()),
        "warm_up": lambda: None if warming.latest is None else warming.latest.to_plain(),
    }
    queue = optimization.find("queue")
    if queue is not None:
        for one in HANDLERS:
            queue.register_handler(one.KIND, one.handle, one.check)
    _follow(app, preloading)
    monitoring = Monitor.of(app)
    monitoring.add_source("hot", lambda: hot_samples(hot))
    monitoring.add_source("preloading", lambda: preload_samples(preloading))


def _component_states() -> Sequence[ComponentState]:
    """The state of each component of the current application, and of its rooms."""
    found = [*probe().run(), *of_rooms(current_app, lambda room: room.parts)]
    return [ComponentState(one.name, one.state, one.detail) for one in found]


def start(app: Flask) -> None:
    """Count and preload from now on, and begin a warm-up, which nothing waits for."""
    warming = warming_of(app)
    warming.preloading.hot.start()
    warming.preloading.start()
    if settings_of(app)["WARM_UP_AT_START"]:
        warming.run(background=True)


def close(app: Flask) -> None:
    """End that work, and send the last counts if Redis responds; a later use begins anew."""
    warming = warming_of(app)
    warming.steps.close()
    warming.preloading.close()
    warming.preloading.hot.close()


def _note(hot: HotCounts, access: AccessGranted) -> None:
    """Count a caller's request in its place."""
    hot.note(access.user_id, access.key)


def _follow(app: Flask, preloading: Preloading) -> None:
    configured = preloading.settings

    def retune(live: dict[str, Any]) -> None:
        enabled = live.pop(SWITCH, configured.enabled)
        preloading.retune(replace(configured, enabled=enabled, **live))

    follow_keys(app, LIVE, FIELDS, retune)
