"""The nodes below one at which a user has a permission."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from yoto.cache import NodeId
from yoto.permission.checking.asking import allowed_by_policies
from yoto.permission.database.statements import CHANNEL, SERVER, channels, of_community
from yoto.permission.loading import load_places
from yoto.permission.loading.sites import ids_below
from yoto.permission.loading.source import reading
from yoto.permission.outbox.watching import in_change
from yoto.permission.people.keys import SubjectId, person_number
from yoto.permission.registry.bits import SUPER
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.scopes import Place, checked_id, parse_place
from yoto.permission.state import PermissionState, get_state
from yoto.permission.verdict.resolver import flatten, resolve

_CHANNELS_OF_SERVER = (
    select(channels.c.id)
    .where(channels.c.server_id == bindparam("server_id"))
    .order_by(channels.c.position, channels.c.id)
)


class Survey:
    """The part of ``PermissionSystem`` that looks over all nodes of a kind below one at once."""

    def channels_with(
        self,
        user_id: SubjectId,
        permission: str,
        server_id: int,
        channel_ids: Sequence[int] | None = None,
    ) -> list[int]:
        """``nodes_with`` for the channels of a server; without ids in the order of channels."""
        get_state()
        if channel_ids is None and of_community(CHANNEL):
            checked_id(server_id, "server_id")
            with reading() as connection:
                asked = connection.scalars(_CHANNELS_OF_SERVER, {"server_id": server_id})
                channel_ids = list(asked)
        found: list[Any] = self.nodes_with(
            user_id, permission, CHANNEL, SERVER, server_id, channel_ids
        )
        return found

    def nodes_with(
        self,
        user_id: SubjectId,
        permission: str,
        kind: str,
        scope: str,
        scope_id: NodeId,
        node_ids: Sequence[NodeId] | None = None,
    ) -> list[NodeId]:
        """The nodes of a kind below one at which the user has the permission, by id.

        The verdicts are those of ``check_permission``. It is no use of the permission: results for
        super-admins are not audited.

        Args:
            node_ids: all of the kind below that node, read by the caller; the result is in their
                order.

        Raises:
            UnknownPermission: the permission is not registered.
            UnknownResource: there is no such node.
            ValidationFailed: an id that is none.
            StoreUnavailable: the database did not answer.
        """
        user_id = person_number(user_id)
        state = get_state()
        registered = state.registry.get(permission)
        above = parse_place(scope, scope_id)
        allowed = _allowed_by_roles(state, user_id, registered, kind, above, node_ids)
        asked = state.asks_in(registered, [Place(kind, node_id) for node_id in allowed])
        judged = [node_id for node_id in allowed if Place(kind, node_id) in asked]
        places = [(user_id, Place(kind, node_id)) for node_id in judged]
        verdicts = allowed_by_policies(state, registered, places)
        denied = {one for one, may in zip(judged, verdicts, strict=True) if not may}
        return [node_id for node_id in allowed if node_id not in denied]


def _allowed_by_roles(
    state: PermissionState,
    user_id: int,
    permission: RegisteredPermission,
    kind: str,
    above: Place,
    node_ids: Sequence[NodeId] | None,
) -> list[NodeId]:
    if node_ids is None:
        with reading() as connection:
            node_ids = ids_below(connection, kind, above)
    if state.caching is None or in_change():
        found: dict[NodeId, int] = {}
        registry, now = state.registry, state.clock()
        with reading() as connection:
            for read in load_places(connection, user_id, kind, above):
                facts, [user] = read.facts(registry)
                bits = registry.snapshot.bits
                assert read.site.place.id is not None
                found[read.site.place.id] = resolve(flatten(facts, bits), user, now, bits).mask
        return [id_ for id_ in node_ids if found.get(id_, 0) & permission.mask]
    masks = state.caching.source.below(user_id, kind, above, node_ids)
    wanted = permission.wanted | SUPER
    return [id_ for id_ in node_ids if masks.get(id_, 0) & wanted]
