"""Health: the bands of components' values, and the overall band."""

from .bands import Band, Component, HealthReport, assess, overall
from .defaults import DEFAULT_COMPONENTS, components_of

__all__ = [
    "DEFAULT_COMPONENTS",
    "Band",
    "Component",
    "HealthReport",
    "assess",
    "components_of",
    "overall",
]
