"""``flask policy``: see, try and change the policies."""

from yoto.cli.operations import group_of
from yoto.rooms.policies.commands import changing, looking, threats, trying
from yoto.rooms.policies.commands.group import policy
from yoto.rooms.policies.operating.coverage import coverage

__all__ = ["changing", "looking", "policy", "threats", "trying"]

policy.add_command(group_of(coverage).commands["coverage"])
