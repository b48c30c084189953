"""Live configuration: fields of ``tuning:fleet`` that every worker follows while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from flask import Flask

from yoto.cache import STORES, HybridPermissionCache
from yoto.parts.rooms import ALL, chosen
from yoto.permission import PermissionSystem
from yoto.resilience import FLEET, Kind, Resilience, Settings, TuningConfig, tuning_config
from yoto.room import rooms_of
from yoto.settings import value_of


def follow_live_settings(app: Flask) -> None:
    """Have the parts of this process of ``app`` follow what is set while it runs."""
    live = [key for one in rooms_of(app) for key in one.live]
    off = [key for one in chosen(ALL) for key in one.live if key not in live]
    shape = tuning_config(live, off)
    configured = shape(
        **{
            one["name"]: value_of(app.config, one["name"].upper())
            for one in shape.describe()
            if not one["tuners_own"]
        }
    )
    controller = Resilience.of(app)
    controller.define(FLEET, tuning=configured)
    controller.on_config_change(Kind.TUNING, FLEET, _follower(app, configured))


def follow_keys(
    app: Flask, keys: Iterable[str], prefix: str, retune: Callable[[dict[str, Any]], object]
) -> None:
    """Have a part of a room follow what is set of the room's ``live`` keys.

    Args:
        keys: names of settings.
        prefix: the beginning of their fields, in lower case, which ``retune`` gets without it.
        retune: called with the values that are set; others are to be as configured.
    """
    names = [key.lower() for key in keys]

    def follow(config: Settings) -> None:
        values = config.to_mapping()
        retune({one.removeprefix(prefix): values[one] for one in names if values[one] is not None})

    Resilience.of(app).on_config_change(Kind.TUNING, FLEET, follow)


def _follower(app: Flask, configured: TuningConfig) -> Callable[[Settings], None]:
    """Applies an entry's values to the parts of this process; others stay as configured."""
    cache = HybridPermissionCache.of(app)
    without = configured.to_mapping()

    def follow(config: Settings) -> None:
        configured_values = {
            name: value for name, value in config.to_mapping().items() if value is not None
        }
        values = {**without, **configured_values}

        def part(prefix: str) -> dict[str, Any]:
            return {
                name.removeprefix(prefix): value
                for name, value in values.items()
                if name.startswith(prefix)
            }

        cache.retune(
            **{
                kind: replace(getattr(cache.settings, kind), **part(f"cache_{kind}_"))
                for kind in STORES
            }
        )
        caching = PermissionSystem.caching_of(app)
        if caching is not None:
            caching.pool.resize(values["permission_pool_size"])

    return follow
