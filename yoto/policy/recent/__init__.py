"""Recent inputs of live decisions, masked: what a change of policies is tried on."""

from yoto.policy.recent.ring import Mask, RecentInputs
from yoto.policy.recent.shared import SharedInputs

__all__ = ["Mask", "RecentInputs", "SharedInputs"]
