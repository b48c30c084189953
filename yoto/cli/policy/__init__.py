"""``flask policy``: see, try and change the policies."""

from yoto.cli.policy import changing, looking, shadowing, trying
from yoto.cli.policy.group import policy

__all__ = ["changing", "looking", "policy", "shadowing", "trying"]
