"""The HTTP surface: REST blueprints (documented by OpenAPI) and pages."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Blueprint

from app.blueprints.auth import auth
from app.blueprints.users import users

REST: list[Blueprint] = [
    auth,
    users,
]


def init_pages(app: Flask) -> None:
    """Register what is not part of the REST API: health, pages, sockets."""
