"""Tells the behaviour counters what signed-in people do: changes, and what they are refused."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response

from app.extensions import behaviour
from app.http.auth import caller_or_none
from app.http.context import changes_something, is_moderation


def init_deeds(app: Flask) -> None:
    """Count the deeds of the callers of ``app``."""
    app.after_request(_note)


def _note(response: Response) -> Response:
    user_id = caller_or_none()
    if user_id is None:
        return response
    if response.status_code == HTTPStatus.FORBIDDEN:
        behaviour.denied(user_id)
    elif (
        response.status_code < HTTPStatus.BAD_REQUEST
        and changes_something()
        and not is_moderation()
    ):
        behaviour.acted(user_id)
    return response
