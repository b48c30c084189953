"""Routes of ``/control/api/tokens``."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import Forbidden

from app.blueprints.operators.tokens import service
from app.blueprints.operators.tokens.schemas import (
    API_TOKEN_PAGE,
    ApiTokenSchema,
    MadeApiTokenSchema,
    NewApiTokenSchema,
    TokenQuery,
)
from yoto.auth.operators import NOT_IN_TOKEN, Via, account, demand_in_credential, may
from yoto.errors import PermissionDenied
from yoto.http.acts import author
from yoto.http.control_api import (
    ADMIN,
    OPERATE,
    VIEW,
    ActSchema,
    ControlBlueprint,
    actor_id,
    operator,
    right,
)
from yoto.http.idempotency import secret_answer
from yoto.http.paging import Page

tokens_control = ControlBlueprint("tokens_control", __name__, "/tokens", "API tokens of operators")


@tokens_control.get("")
@right(VIEW)
@tokens_control.arguments(TokenQuery, location="query")
@tokens_control.response(200, API_TOKEN_PAGE)
def list_api_tokens(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """Your API tokens, or those of all"""
    if query["everyone"] and not may(ADMIN):
        raise PermissionDenied(NOT_IN_TOKEN if operator().limit else "not_granted", ADMIN)
    owner = None if query["everyone"] else account().user_id
    return service.tokens(owner, query["after"], query["limit"])


@secret_answer
@tokens_control.post("")
@right(VIEW)
@tokens_control.arguments(NewApiTokenSchema)
@tokens_control.response(201, MadeApiTokenSchema)
def make_api_token(body: dict[str, Any]) -> dict[str, Any]:
    """Make an API token for yourself; only a session may, since a token could outlive itself"""
    if operator().via is not Via.SESSION:
        raise Forbidden("An API token is created in a session, not with another token.")
    token, secret = service.make(account().user_id, **body, by=author())
    return {**service.shown(token, valid=True), "token": secret}


@tokens_control.post("/<int:token_id>/revoke")
@right(VIEW)
@tokens_control.arguments(ActSchema)
@tokens_control.response(200, ApiTokenSchema)
def revoke_api_token(body: dict[str, Any], token_id: int) -> dict[str, Any]:
    """Take an API token back: yours, or as an administrator anybody's

    By session, or with a token that may use `platform.operate`: whoever finds one that only looks
    cannot switch the others off.
    """
    demand_in_credential(OPERATE)
    owner = None if may(ADMIN) else actor_id()
    return service.shown(service.revoke(token_id, author(), owner, body["reason"]), valid=False)
