"""``flask permission explain``: why somebody may, or might not, do something."""

from __future__ import annotations

from json import dumps
from typing import Annotated

from flask.cli import AppGroup

from yoto.cli.operations import command
from yoto.cli.options import Scope, ScopeId, resource_of
from yoto.cli.permission import user_id_of
from yoto.extensions import permissions
from yoto.nodes import GLOBAL_KIND


def add_insight(group: AppGroup) -> None:
    """Add the command to ``flask permission``."""
    command(group, "explain <user> <name>")(explain)


def explain(
    user: str,
    name: str,
    scope: Scope = GLOBAL_KIND,
    scope_id: ScopeId = None,
    json: Annotated[bool, "As JSON."] = False,
) -> str:
    """Explain why USER (username or id) has or lacks permission NAME, and how to change that."""
    found = permissions.explain(user_id_of(user), name, *resource_of(scope, scope_id))
    return dumps(found.to_dict(), indent=2) if json else found.text
