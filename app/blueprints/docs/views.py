"""``/api/docs``: the API for readers, made from the OpenAPI document by the server alone."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.blueprints.docs.outline import Outline, outline
from app.http.access import public

EXTENSION = "yoto.docs"

docs = Blueprint("docs", __name__)


@docs.get("/")
@public("people open the bare address first")
def home() -> Response:
    """From the bare address to the documentation."""
    return redirect(url_for("docs.page"), 302)


@docs.get("/api/docs")
@public("whoever writes a client has no account yet")
def page() -> str:
    """The whole API on one page; it works without a script."""
    return render_template("docs/api.html", api=_outline())


def _outline() -> Outline:
    """Made once: the document does not change while the application runs."""
    extensions = current_app.extensions
    if EXTENSION not in extensions:
        extensions[EXTENSION] = outline(extensions["yoto.openapi"].spec.to_dict())
    return extensions[EXTENSION]  # type: ignore[no-any-return]
