"""What set-up may have taken from npm, as addresses; see ``tools/frontend.py``."""

from __future__ import annotations

from pathlib import Path

from flask import current_app, url_for

FOLDER = Path(__file__).parent / "static" / "vendor"
SOCKET = "socket"
FILES = {"charts": "uplot.js", "chart_style": "uplot.css", SOCKET: "socket.io.js"}


def vendor() -> dict[str, str | None]:
    """The address of each; None for what is not there, or of no use, which the pages do without."""
    return {
        key: (
            url_for("control_static.static", filename=f"vendor/{name}")
            if (FOLDER / name).is_file() and (key != SOCKET or "socketio" in current_app.extensions)
            else None
        )
        for key, name in FILES.items()
    }
