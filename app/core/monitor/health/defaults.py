"""The components that are looked at unless somebody says otherwise.

``good`` ends where the default alert of the same metric warns, and ``warning`` where it says error,
so that the page and the alerts agree.
"""

from __future__ import annotations

from ..scale import Direction
from ..signals import CACHE_HIT_RATE, ERROR_RATE, MEMORY_SHARE, RESPONSE_MS
from .bands import Component

DEFAULT_COMPONENTS = (
    Component(
        name="cache",
        metric=CACHE_HIT_RATE,
        direction=Direction.LOW,
        excellent=0.95,
        good=0.8,
        warning=0.6,
    ),
    Component(
        name="response",
        metric=RESPONSE_MS,
        direction=Direction.HIGH,
        excellent=50.0,
        good=100.0,
        warning=200.0,
    ),
    Component(
        name="errors",
        metric=ERROR_RATE,
        direction=Direction.HIGH,
        excellent=0.01,
        good=0.05,
        warning=0.1,
    ),
    Component(
        name="memory",
        metric=MEMORY_SHARE,
        direction=Direction.HIGH,
        excellent=0.5,
        good=0.7,
        warning=0.85,
    ),
)
