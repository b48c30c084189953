"""The HTTP surface: REST blueprints (documented by OpenAPI) and pages."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Blueprint

REST: list[Blueprint] = []


def init_pages(app: Flask) -> None:
    """Register what is not part of the REST API: health, pages, sockets."""
