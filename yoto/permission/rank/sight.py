"""Treats nodes and roles that the actor of a write may not see as missing.

The error of a write tells about the nodes and roles that it names, such as that a role is of
another server; so it would reveal hidden ones. A refusal that concerns a hidden one is therefore
the error for an id that names nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.permission.loading.finding import Named, is_public, naming
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.registry.scopes import GLOBAL
from yoto.permission.state import PermissionState
from yoto.store.db import db
from yoto.store.resources import known_types

SEES_ALL = "admin.audit"
MANAGES_GLOBAL_ROLES = "admin.roles"


@contextmanager
def hiding(state: PermissionState, actor_id: int | None) -> Iterator[None]:
    """A block that looks up the names in a write of this actor, and refuses it or carries it out.

    Args:
        actor_id: None: the system itself, which sees everything.

    Raises:
        UnknownResource: the block refused a write that names something hidden from the actor.
    """
    with naming() as named:
        try:
            yield
        except (ValidationFailed, PermissionDenied) as error:
            # The database itself refused a write that had passed all rules.
            if actor_id is None or isinstance(error.__cause__, SQLAlchemyError):
                raise
            hidden = _first_hidden(state, actor_id, named)
            if hidden is None:
                raise
            raise hidden from error


def _first_hidden(
    state: PermissionState, actor_id: int, named: list[Named]
) -> UnknownResource | None:
    if not named:
        return None
    try:
        authority = Authority(state, db.session(), actor_id)
    except PermissionDenied:
        return None  # unknown or disabled: the error of the block says it all
    if authority.unbounded:
        return None
    snapshot, held = authority.registry.snapshot, authority.resolution_at(GLOBAL).mask
    if held & snapshot.mask_named(SEES_ALL):
        return None
    managing = snapshot.mask_named(MANAGES_GLOBAL_ROLES)
    # A manager of global roles may hand out rights at every node.
    left = [one for one in named if one.is_role or not held & managing]
    return next((one.unknown for one in left if not _is_seen(authority, one)), None)


def _is_seen(authority: Authority, named: Named) -> bool:
    """Whether the actor may see it, by the rules of ``yoto.api.visibility``."""
    try:
        found = authority.resolution_at(named.at)
    except UnknownResource:
        return False  # it has gone meanwhile
    belonging = known_types().get(named.at.kind).members is not None
    if found.is_there(belonging, authority.registry.snapshot.bits.local):
        return True
    return not named.is_role and is_public(authority.session, named.at)
