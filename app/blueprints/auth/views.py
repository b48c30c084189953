"""Routes of ``/api/v1/auth``."""

from __future__ import annotations

import re
from typing import Any

import marshmallow as ma
from flask import current_app, url_for
from marshmallow.validate import Length

from app.auth import confirmed_user_id
from app.auth.tokens import TokenPair, issue_tokens, revoke_family, rotate_tokens
from app.blueprints.auth import accounts
from app.guards import REGISTER
from app.models import USERNAME_PATTERN, User
from yoto.auth.access import public, signed_in
from yoto.auth.guessing import address
from yoto.auth.identity import current_user_id
from yoto.hashing import PASSWORD_MAX_LENGTH
from yoto.http.api import API_PREFIX
from yoto.http.fields import Instant, Name
from yoto.http.problems import problem
from yoto.http.rest import RestBlueprint
from yoto.request.context import read_only
from yoto.resilience import rate_limit
from yoto.store.db import db
from yoto.weak_passwords import is_weak

DISPLAY_NAME_LENGTH = User.__table__.c.display_name.type.length  # type: ignore[attr-defined]


class Username(ma.fields.String):
    """The name of an account: trimmed and lower-cased before it is checked."""

    default_error_messages = {
        "pattern": "3 to 32 of the letters a to z, digits, underscore, point and hyphen.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, metadata={"pattern": f"^{USERNAME_PATTERN}$"})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        name = super()._deserialize(value, attr, data, **options).strip().lower()
        if not re.fullmatch(USERNAME_PATTERN, name):
            raise self.make_error("pattern")
        return name


class Password(ma.fields.String):
    """A password as it was typed: not trimmed, bounded, and encodable."""

    default_error_messages = {"characters": "These characters cannot be encoded."}

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=True,
            load_only=True,
            validate=Length(max=PASSWORD_MAX_LENGTH),
            metadata={"format": "password"},
            **options,
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        password = super()._deserialize(value, attr, data, **options)
        try:
            password.encode()
        except UnicodeEncodeError:
            raise self.make_error("characters") from None
        return password


class NewPassword(Password):
    """A password to be set, of at least ``PASSWORD_MIN_LENGTH`` characters."""

    default_error_messages = {
        "short": "At least {least} characters.",
        "weak": "One of the passwords that are guessed first: choose another.",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        password = super()._deserialize(value, attr, data, **options)
        least = current_app.config["PASSWORD_MIN_LENGTH"]
        if len(password) < least:
            raise self.make_error("short", least=least)
        name = data.get("username") if isinstance(data, dict) else None
        if is_weak(password, name if isinstance(name, str) else ""):
            raise self.make_error("weak")
        return password


class RegisterSchema(ma.Schema):
    """A new account."""

    username = Username(required=True)
    display_name = Name(DISPLAY_NAME_LENGTH, required=True)
    password = NewPassword()


class LoginSchema(ma.Schema):
    """Name and password. A name that cannot exist is just a wrong one."""

    username = ma.fields.String(required=True, validate=Length(max=PASSWORD_MAX_LENGTH))
    password = Password()


class ChangePasswordSchema(ma.Schema):
    """The present password, and the new one."""

    old_password = Password()
    new_password = NewPassword()


class AccountSchema(ma.Schema):
    """An account as its owner sees it."""

    id = ma.fields.Integer(required=True)
    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)
    super_admin = ma.fields.Boolean(required=True)
    created_at = Instant(required=True)


class TokenSchema(ma.Schema):
    """A pair of tokens. The refresh token serves once."""

    access_token = ma.fields.String(required=True)
    refresh_token = ma.fields.String(required=True)
    token_type = ma.fields.Constant("Bearer", required=True)
    expires_in = ma.fields.Integer(
        required=True, metadata={"description": "Life of the access token in seconds"}
    )


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
    user = accounts.register(**body)
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
    user = accounts.authenticate(**body)
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
        accounts.change_password(confirmed_user_id(), body["old_password"], body["new_password"])
    )
