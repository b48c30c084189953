"""From values to the health of components, and of everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..scale import Value
from .bands import Band, Component, ComponentHealth, HealthReport


def assess(components: Iterable[Component], values: Mapping[str, Value]) -> HealthReport:
    """Health of ``components`` by ``values``, metric name to value; a missing one is unknown."""
    found: dict[str, ComponentHealth] = {}
    for component in components:
        value = component.direction.worst(values.get(component.metric))
        band, limit = component.band_of(value)
        found[component.name] = ComponentHealth(
            component.name,
            band,
            None if band is Band.UNKNOWN else value,
            limit,
            component.direction,
            component.matters,
        )
    return HealthReport(overall(found.values()), found)


def overall(components: Iterable[ComponentHealth]) -> Band:
    """The worst band of those that matter; ``unknown`` when none that matters is measured."""
    bands = [one.band for one in components if one.matters]
    return max(bands, key=lambda band: band.badness, default=Band.UNKNOWN)
