"""Routes of ``/api/v1/auth``."""

from __future__ import annotations

from typing import Any

from flask import url_for

from app.auth import confirmed_user_id
from app.auth.tokens import TokenPair, issue_tokens, revoke_family, rotate_tokens
from app.blueprints.auth import service
from app.blueprints.auth.schemas import (
    AccountSchema,
    ChangePasswordSchema,
    LoginSchema,
    RegisterSchema,
    TokenSchema,
)
from app.guards import REGISTER
from app.models import User
from yoto.auth.access import public, signed_in
from yoto.auth.guessing import address
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.problems import problem
from yoto.http.rest import RestBlueprint
from yoto.request.context import read_only
from yoto.resilience import rate_limit
from yoto.store.db import db

auth = RestBlueprint(
    "auth", __name__, url_prefix=f"{API_PREFIX}/auth", description="Accounts, sign-in and tokens"
)


@auth.route("/register", methods=["POST"])
@public("an account cannot be asked for before there is one")
@rate_limit(REGISTER, key=address)
@auth.arguments(RegisterSchema)
@auth.response(201, AccountSchema)
@auth.alt_response(409, "CONFLICT")
@auth.alt_response(429, "TOO_MANY_REQUESTS")
def register(body: dict[str, Any]) -> Any:
    """Make an account"""
    user = service.register(**body)
    return user, {"Location": url_for("users.show_user", user_id=user.id)}


@auth.route("/login", methods=["POST"])
@read_only
@public("this is where a token comes from")
@auth.arguments(LoginSchema)
@auth.response(200, TokenSchema)
@auth.alt_response(401, "UNAUTHORIZED")
@auth.alt_response(429, "TOO_MANY_REQUESTS")
def login(body: dict[str, Any]) -> Any:
    """Sign in with name and password"""
    user = service.authenticate(**body)
    if user is None:
        return problem(401, "sign-in-failed", "Wrong username or password.")
    return issue_tokens(user)


@auth.route("/refresh", methods=["POST"])
@public("its credential is the refresh token, which no other route takes")
@auth.doc(security=[{"bearer": []}])
@auth.response(200, TokenSchema)
@auth.alt_response(401, "UNAUTHORIZED")
def refresh() -> TokenPair:
    """Spend the refresh token for the next pair

    It is sent in the Authorization header, in place of the access token. A refresh token serves
    once; using it again ends the whole sign-in.
    """
    return rotate_tokens()


@auth.route("/logout", methods=["POST"])
@signed_in
@auth.response(204)
def logout() -> None:
    """End this sign-in: its access and refresh tokens are refused from now on"""
    revoke_family()


@auth.route("/me")
@signed_in
@auth.response(200, AccountSchema)
def me() -> User:
    """The account behind the token"""
    return db.session.get_one(User, current_user_id())


@auth.route("/change-password", methods=["POST"])
@signed_in
@auth.arguments(ChangePasswordSchema)
@auth.response(200, TokenSchema)
@auth.alt_response(409, "CONFLICT")
@auth.alt_response(429, "TOO_MANY_REQUESTS")
def change_password(body: dict[str, Any]) -> TokenPair:
    """Set another password; all tokens so far end, and new ones come back"""
    return issue_tokens(
        service.change_password(confirmed_user_id(), body["old_password"], body["new_password"])
    )
