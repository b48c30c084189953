"""From values to the health of components, and of everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..scale import Value
from .bands import Band, Component, ComponentHealth, HealthReport


def assess(components: Iterable[Component], values: Mapping[str, Value]) -> HealthReport:
    """How ``components`` do by ``values``, metric name to value; one that is missing is unknown."""
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
    """The worst band of those that matter; ``unknown`` when nothing that matters is looked at."""
    bands = [one.band for one in components if one.matters]
    return max(bands, key=lambda band: band.badness, default=Band.UNKNOWN)
