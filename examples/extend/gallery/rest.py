"""Uploading: a route of the REST API, in the OpenAPI document too."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Flask
from gallery import uploads
from gallery.access import UPLOAD
from gallery.limits import UPLOADS

from yoto.http.api import API_PREFIX, register_rest
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission
from yoto.resilience import guarded

pictures = RestBlueprint("pictures", __name__, url_prefix=API_PREFIX, description="Pictures")


class PictureSchema(ma.Schema):
    """A picture."""

    title = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))


@pictures.post("/servers/<int:server_id>/pictures")
@require_permission(UPLOAD, "server", "server_id")
@guarded(UPLOADS)
@pictures.arguments(PictureSchema)
@pictures.response(201, PictureSchema)
def upload_picture(picture: dict[str, Any], server_id: int) -> dict[str, Any]:
    """Upload a picture"""
    uploads.count()
    return picture


def register(app: Flask) -> None:
    """Register the route and describe it."""
    register_rest(app, pictures)
