"""``flask policy``: see, try and change the policies."""

from yoto.cli.policy.changing import add_changing
from yoto.cli.policy.group import policy
from yoto.cli.policy.looking import add_looking
from yoto.cli.policy.shadowing import add_shadowing
from yoto.cli.policy.trying import add_trying

for add in (add_changing, add_looking, add_trying, add_shadowing):
    add(policy)

__all__ = ["policy"]
