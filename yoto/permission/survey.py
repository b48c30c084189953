"""In which channels of a server somebody has a permission."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from yoto.permission.asking import ask_policies
from yoto.permission.bits import SUPER
from yoto.permission.channel_facts import load_channels
from yoto.permission.keys import SubjectId, person_number
from yoto.permission.outbox.watching import in_change
from yoto.permission.registry import RegisteredPermission
from yoto.permission.scopes import Place, checked_id
from yoto.permission.source import reading
from yoto.permission.state import PermissionState, get_state
from yoto.permission.statements import CHANNEL, channels

_CHANNELS_OF_SERVER = (
    select(channels.c.id)
    .where(channels.c.server_id == bindparam("server_id"))
    .order_by(channels.c.position, channels.c.id)
)


class Survey:
    """The part of ``PermissionSystem`` that looks over all channels of a server at once."""

    def channels_with(
        self,
        user_id: SubjectId,
        permission: str,
        server_id: int,
        channel_ids: Sequence[int] | None = None,
    ) -> list[int]:
        """The channels of the server in which the user has the permission, in their order.

        The verdicts are those of ``check_permission``. It tells what somebody may do and is no
        use of it: super-admins' answers are not audited.

        Args:
            channel_ids: all channels of the server in their order, of whoever has read them.

        Raises:
            UnknownPermission: nobody registered the permission.
            UnknownResource: the server does not exist.
            ValidationFailed: an id that is none.
            StoreUnavailable: the database did not answer.
        """
        user_id = person_number(user_id)
        state = get_state()
        registered = state.registry.get(permission)
        checked_id(server_id, "server_id")
        allowed = _allowed_by_roles(state, user_id, registered, server_id, channel_ids)
        asked = state.asks_in(registered, [Place(CHANNEL, channel_id) for channel_id in allowed])
        return [
            channel_id
            for channel_id in allowed
            if (channel := Place(CHANNEL, channel_id)) not in asked
            or not ask_policies(state, user_id, [registered], channel, None).denied
        ]


def _allowed_by_roles(
    state: PermissionState,
    user_id: int,
    permission: RegisteredPermission,
    server_id: int,
    channel_ids: Sequence[int] | None,
) -> list[int]:
    if state.caching is None or in_change():
        with reading() as connection:
            *_, found = load_channels(connection, user_id, server_id, state.registry, state.clock())
        return [id_ for id_, resolution in found.items() if resolution.mask & permission.mask]
    if channel_ids is None:
        with reading() as connection:
            asked = connection.scalars(_CHANNELS_OF_SERVER, {"server_id": server_id})
            channel_ids = asked.all()
    masks = state.caching.source.in_channels(user_id, server_id, channel_ids)
    wanted = permission.wanted | SUPER
    return [id_ for id_ in channel_ids if masks.get(id_, 0) & wanted]
