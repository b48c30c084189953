"""Recent inputs of live decisions, masked, for dry runs of changes."""

from yoto.policy.recent.ring import Mask, RecentInputs
from yoto.policy.recent.shared import SharedInputs

__all__ = ["Mask", "RecentInputs", "SharedInputs"]
