"""Whose a socket is: looked at when it connects, and again as often as somebody doubts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from yoto.extensions import permissions
from yoto.http.operators import Operator


@dataclass(frozen=True, slots=True)
class SocketCredential:
    """What a socket was opened with.

    Attributes:
        user_id: whose account; None behind the break-glass token.
        look: who that is now; raises ``Unauthorized`` once the credential is worth nothing.
        over: whether it is worth nothing any more, as far as can be told without any store.
    """

    user_id: int | None
    look: Callable[[], Operator] = field(repr=False)
    over: Callable[[], bool] = field(repr=False)


def still_may(credential: SocketCredential, right: str) -> bool:
    """Whether the credential has a ``platform.*`` right now.

    Raises:
        Unauthorized: it is worth nothing any more.
        StoreUnavailable, DBAPIError: nobody can tell now.
    """
    who = credential.look()
    if who.rights is not None:
        return right in who.rights
    if who.account is None:
        return True
    if who.limit is not None and right not in who.limit:
        return False
    # Asked in a way that is no use of a super-admin's power: nobody did anything.
    user_id = who.account.user_id
    return permissions.batch_check_permissions([user_id], right).get(user_id, False)
