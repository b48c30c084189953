"""Recent inputs of live decisions, masked: what a change of policies is tried on."""

from app.core.policy.recent.ring import Mask, RecentInputs
from app.core.policy.recent.shared import SharedInputs

__all__ = ["Mask", "RecentInputs", "SharedInputs"]
