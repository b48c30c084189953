"""``flask policy``: see, try and change the policies."""

from app.cli.policy.changing import add_changing
from app.cli.policy.group import policy
from app.cli.policy.looking import add_looking
from app.cli.policy.shadowing import add_shadowing
from app.cli.policy.trying import add_trying

for add in (add_changing, add_looking, add_trying, add_shadowing):
    add(policy)

__all__ = ["policy"]
