"""Which instances of the application live."""

from .registry import Instances

__all__ = [
    "Instances",
]
