"""Which instances of the application live."""

from .registry import Instance, Instances

__all__ = ["Instance", "Instances"]
