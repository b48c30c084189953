"""The owner of a socket: checked when it connects, and again at each revalidation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from yoto.auth.operators import Operator
from yoto.extensions import permissions


@dataclass(frozen=True, slots=True)
class SocketCredential:
    """The credential that a socket was opened with.

    Attributes:
        user_id: the account; None behind the break-glass token.
        look: the operator behind it now; raises ``Unauthorized`` once the credential is worth
            nothing.
        over: whether it is worth nothing any more, as far as can be determined without any store.
    """

    user_id: int | None
    look: Callable[[], Operator] = field(repr=False)
    over: Callable[[], bool] = field(repr=False)


def still_may(credential: SocketCredential, right: str) -> bool:
    """Whether the credential has a ``platform.*`` right now.

    Raises:
        Unauthorized: it is worth nothing any more.
        StoreUnavailable, DBAPIError: this cannot be determined now.
    """
    who = credential.look()
    if who.rights is not None:
        return right in who.rights
    if who.account is None:
        return True
    if who.limit is not None and right not in who.limit:
        return False
    # Checked in a way that is no use of a super-admin's power: no action was taken.
    user_id = who.account.user_id
    return permissions.batch_check_permissions([user_id], right).get(user_id, False)
