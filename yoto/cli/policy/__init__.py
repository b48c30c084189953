"""``flask policy``: see, try and change the policies."""

from yoto.cli.operations import group_of
from yoto.cli.policy import changing, looking, shadowing, threats, trying
from yoto.cli.policy.group import policy
from yoto.operate.policies import coverage

__all__ = ["changing", "looking", "policy", "shadowing", "threats", "trying"]

policy.add_command(group_of(coverage).commands["coverage"])
