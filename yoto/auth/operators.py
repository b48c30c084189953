"""The operator of the control plane: identity, credential and rights.

The application identifies operators. Pages accept sessions only. The JSON routes also take
``Authorization: Bearer`` with a token; a browser never adds that by itself, so it needs no CSRF
token.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, current_app, g, has_request_context, request
from werkzeug.exceptions import Unauthorized

from yoto.auth.identity import Identity
from yoto.errors import PermissionDenied
from yoto.extensions import permissions
from yoto.permission import require_permission
from yoto.request.context import note_credential
from yoto.request.deadlines import hear

VIEW, OPERATE, ADMIN = "platform.view", "platform.operate", "platform.admin"
RIGHTS = (VIEW, OPERATE, ADMIN)
# No right of accounts: lets a token use its owner's rights to read about others (``admin.audit``,
# ``server.audit``). Without it a token that was made for monitoring reads no one's actions.
INSIGHT = "platform.insight"
TOKEN_RIGHTS = (*RIGHTS, INSIGHT)
EXTENSION_KEY = "yoto.operators"
CONTROL_PREFIX = "/control"  # of the addresses of the control plane
BEARER = "bearer "
# The reason of a token's refusal where its owner has the right.
NOT_IN_TOKEN = "not_in_token"
NOT_GRANTED = "not_granted"

View = TypeVar("View", bound=Callable[..., Any])


class Via(enum.StrEnum):
    """The way in which an operator was identified."""

    SESSION = "session"
    TOKEN = "token"
    BREAK_GLASS = "break_glass"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator who makes this request, or sits at the terminal.

    Attributes:
        account: None with the break-glass token, which belongs to no account, and at a terminal.
        limit: the rights that the credential may use; None: all that the account has.
        rights: those of ``RIGHTS`` that the application grants; None: those that the permission
            system grants to the account.
        token_id: the id of the API token; None: another credential.
        login: the user at the terminal, as records name them.
        ends_at: when the credential ends by itself, if that is known.
    """

    via: Via
    account: Identity | None
    limit: frozenset[str] | None = None
    token_id: int | None = None
    login: str | None = None
    ends_at: datetime | None = None
    rights: frozenset[str] | None = None

    @property
    def credential(self) -> str:
        """For the audit log: ``session``, ``token:7``, ``break_glass`` or ``cli:anna``."""
        if self.login is not None:
            return self.login
        return self.via if self.token_id is None else f"{self.via}:{self.token_id}"


@dataclass(frozen=True, slots=True)
class SocketCredential:
    """The credential that a socket was opened with, checked again at each revalidation.

    Attributes:
        user_id: the account; None behind the break-glass token.
        look: the operator behind it now; raises ``Unauthorized`` once the credential is worth
            nothing.
        over: whether it is worth nothing any more, as far as can be determined without any store.
    """

    user_id: int | None
    look: Callable[[], Operator] = field(repr=False)
    over: Callable[[], bool] = field(repr=False)


def init_operators(app: Flask, identify: Callable[[], Operator]) -> None:
    """Let ``app`` know its operators by ``identify``, which returns the operator of the current
    request, or raises ``Unauthorized``; it is asked once a request.
    """
    app.extensions[EXTENSION_KEY] = identify


def operator() -> Operator:
    """The operator who makes this request, found out once a request.

    Raises:
        Unauthorized: the credential is missing, not accepted here, or no longer valid.
    """
    if "operator" not in g:
        become(current_app.extensions[EXTENSION_KEY]())
    found: Operator = g.operator
    return found


def become(who: Operator) -> None:
    """Set the operator of this request, who has just proved it."""
    g.operator = who
    note_credential(who.credential)
    if who.via is Via.TOKEN:
        hear()


def known_operator() -> Operator | None:
    """The operator if known already; None otherwise, and outside a request."""
    found: Operator | None = g.get("operator") if has_request_context() else None
    return found


def account() -> Identity:
    """The account of the operator.

    Raises:
        Unauthorized: there is none behind the break-glass token.
    """
    found = operator().account
    if found is None:
        raise Unauthorized("The break-glass token has no account; this needs one.")
    return found


def actor_id() -> int | None:
    """The account's id for records of actions; None with the break-glass token."""
    found = operator().account
    return None if found is None else found.user_id


def may(name: str) -> bool:
    """Whether the operator has a ``platform.*`` right, by account and by credential."""
    return has_right(operator(), name)


def has_right(who: Operator, name: str) -> bool:
    """Whether an operator has a ``platform.*`` right now, by account and by credential.

    Raises:
        StoreUnavailable, DBAPIError: this cannot be determined now.
    """
    try:
        asked = _account_to_ask(who, name)
    except PermissionDenied:
        return False
    if asked is None:
        return True
    # Asked in a way that is no use of a super-admin's power: no act follows from it alone.
    user_id = asked.user_id
    return permissions.batch_check_permissions([user_id], name).get(user_id, False)


def demand_in_credential(who: Operator, name: str) -> None:
    """Go on only where the credential may use a right; whether the account has it is not asked.

    Raises:
        PermissionDenied: it is a token that was not made for it.
    """
    if who.limit is not None and name not in who.limit:
        raise PermissionDenied(NOT_IN_TOKEN, name)


def _account_to_ask(who: Operator, name: str) -> Identity | None:
    """The account that must have a right; None: the operator has it without one.

    Raises:
        PermissionDenied: whatever the account has, the operator has it not.
    """
    demand_in_credential(who, name)
    if who.rights is None:
        return who.account
    if name not in who.rights:
        raise PermissionDenied(NOT_GRANTED, name)
    return None


def demand_right(name: str) -> None:
    """Go on only with a ``platform.*`` right; for checks that depend on more than the address.

    Raises:
        PermissionDenied: by account or by credential, the operator has it not.
    """
    asked = _account_to_ask(operator(), name)
    if asked is not None:
        decision = permissions.decide(asked.user_id, name)
        if not decision.allowed:
            raise PermissionDenied(decision, name)


def right(name: str) -> Callable[[View], View]:
    """Let operators with a ``platform.*`` right in.

    The view raises ``PermissionDenied`` for others, also for a token that may not use the right.
    """

    def decorate(view: View) -> View:
        checked = require_permission(name)(view)

        @wraps(checked)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            asked = _account_to_ask(operator(), name)
            return (view if asked is None else checked)(*args, **kwargs)

        return guarded  # type: ignore[return-value]

    return decorate


def bearer_token() -> str | None:
    """The token that the request carries in ``Authorization``."""
    header = request.headers.get("Authorization", "")
    if not header[: len(BEARER)].lower() == BEARER:
        return None
    return header[len(BEARER) :].strip()
