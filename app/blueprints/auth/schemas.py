"""Input and output of the sign-in API."""

from __future__ import annotations

import re
from typing import Any

import marshmallow as ma
from flask import current_app
from marshmallow.validate import Length

from app.models import User
from app.models.user import USERNAME_PATTERN
from yoto.hashing import PASSWORD_MAX_LENGTH
from yoto.http.fields import Instant, Name
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
