"""How much is uploaded: a metric."""

from __future__ import annotations

from flask import Flask, current_app

from yoto.extensions import monitor

KEY = "gallery.uploads"


def register(app: Flask) -> None:
    """Make the counter, which ``/metrics`` then shows."""
    app.extensions[KEY] = monitor.counter("gallery_uploads_total")


def count() -> None:
    """One more."""
    current_app.extensions[KEY].add()
