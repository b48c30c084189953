"""``flask permission explain``, ``replay``: why somebody may, or might, do something or not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from json import dumps
from typing import Annotated

from flask.cli import AppGroup

from yoto.cli.operations import command
from yoto.cli.options import Scope, ScopeId, resource_of
from yoto.cli.permission import user_id_of
from yoto.extensions import permissions
from yoto.nodes import GLOBAL_KIND

ANOTHER_EXIT = 1


def add_insight(group: AppGroup) -> None:
    """Add the commands to ``flask permission``."""
    command(group, "explain <user> <name>")(explain)
    command(group, "replay <record_id>")(replay)


def explain(
    user: str,
    name: str,
    scope: Scope = GLOBAL_KIND,
    scope_id: ScopeId = None,
    json: Annotated[bool, "As JSON."] = False,
) -> str:
    """Say why USER (username or id) has or lacks permission NAME, and what would turn it."""
    found = permissions.explain(user_id_of(user), name, *resource_of(scope, scope_id))
    return dumps(found.to_dict(), indent=2) if json else found.text


def replay(record_id: int) -> Iterator[str]:
    """Ask the question of decision record RECORD_ID again, and say what has changed since.

    Exit status 1 when the verdict is another one now, or nobody knows.
    """
    found = permissions.replay(record_id)
    yield found.text
    if found.now is None or found.recorded[0] is not found.now[0]:
        sys.exit(ANOTHER_EXIT)
