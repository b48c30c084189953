"""``/api/docs``: the API for readers, made from the OpenAPI document by the server alone."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template

from app.blueprints.docs.outline import outline
from yoto.auth.access import public

EXTENSION = "yoto.docs"

docs = Blueprint("docs", __name__)


@docs.get("/api/docs")
@public("whoever writes a client has no account yet")
def page() -> Response:
    """The whole API on one page; it works without a script.

    Made once: neither it nor the document changes while the application runs.
    """
    extensions = current_app.extensions
    if EXTENSION not in extensions:
        api = outline(extensions["yoto.openapi"].spec.to_dict())
        extensions[EXTENSION] = render_template("docs/api.html", api=api).encode()
    return Response(extensions[EXTENSION], mimetype="text/html")
