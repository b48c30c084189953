"""A page."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template

from yoto.auth.access import public

gallery = Blueprint("gallery", __name__, url_prefix="/gallery", template_folder="templates")


@gallery.get("/")
@public("visitors of the gallery have no account yet")
def welcome() -> str:
    """Say what there is."""
    return render_template("gallery.html", title="Pictures & more")


def register(app: Flask) -> None:
    """Register the page, as in any Flask application."""
    app.register_blueprint(gallery)
