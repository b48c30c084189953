"""Which operators may know about other people.

``platform.view`` alone lets no operator read other people's rights: as in the application's API,
that takes ``server.audit`` in the server concerned, or ``admin.audit``. An API token must have been
made for it (``platform.insight``), and its account must have these rights. The break-glass token is
enough too, since it is meant for times when rights themselves are broken. Where the application
says which rights operators have, every operator who may operate may also know about others.
"""

from __future__ import annotations

from collections.abc import Iterable

from yoto.api.people import number_called
from yoto.api.permissions.checks.asking import PLATFORM_AUDIT, Question, demand_insight
from yoto.auth.operators import INSIGHT, OPERATE, demand_in_credential, demand_right, operator
from yoto.errors import MaintenanceMode, UnknownResource, ValidationFailed
from yoto.extensions import permissions
from yoto.http.fields import declared_id
from yoto.nodes import NodeId


def demand_operators_insight(questions: Iterable[Question]) -> None:
    """Go on only when the operator may know about others in all these places.

    Raises:
        PermissionDenied: the token was not made for it.
        and as ``demand_insight``.
    """
    who = operator()
    demand_in_credential(who, INSIGHT)
    if who.rights is not None:
        demand_right(OPERATE)
        return
    account = who.account
    if account is not None:
        demand_insight(account.user_id, questions, sees_all=True)


def has_insight() -> bool:
    """Whether the operator may know about others everywhere.

    Maintenance closes the application's rights, so no operator with an account may then.
    """
    who = operator()
    if who.limit is not None and INSIGHT not in who.limit:
        return False
    if who.rights is not None:
        return OPERATE in who.rights
    account = who.account
    try:
        return account is None or permissions.check_permission(account.user_id, PLATFORM_AUDIT)
    except MaintenanceMode:
        return False


def open_question(
    permission: str, scope: str, scope_id: NodeId | None, *, spelled: bool = True
) -> Question:
    """The question, if the operator may ask it about any user.

    Args:
        spelled: the id comes from a query, in which integers are texts.

    Raises:
        ValidationFailed: field ``scope_id``: not an id of this type.
        and as ``demand_operators_insight``.
    """
    question = Question(
        permission, scope, declared_id(scope, scope_id, "scope_id", spelled=spelled)
    )
    demand_operators_insight([question])
    return question


def asked_user(user_id: int | None, username: str | None) -> int:
    """The user of this id or of this name; a program is ``application:3``, and a caller who is not
    signed in is ``public``.

    Raises:
        ValidationFailed: neither was given, or both.
        UnknownResource: no user has the name.
    """
    if (user_id is None) == (username is None):
        raise ValidationFailed({"user_id": "Give either user_id or username."})
    found = number_called(username) if username is not None else user_id
    if found is None:
        raise UnknownResource("user", username, "username")
    return found
