"""Recent inputs of live decisions, masked, for dry runs of changes."""

from yoto.rooms.policies.recent.ring import Mask, RecentInputs
from yoto.rooms.policies.recent.shared import SharedInputs

__all__ = ["Mask", "RecentInputs", "SharedInputs"]
