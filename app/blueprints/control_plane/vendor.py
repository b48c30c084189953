"""What set-up may have taken from npm, as addresses; see ``tools/frontend.py``."""

from __future__ import annotations

from pathlib import Path

from flask import current_app, url_for

FILES = {"charts": "uplot.js", "chart_style": "uplot.css", "socket": "socket.io.js"}


def vendor() -> dict[str, str | None]:
    """The address of each; None for what is not there, which the pages do without."""
    folder = Path(current_app.static_folder or "") / "vendor"
    return {
        key: url_for("static", filename=f"vendor/{name}") if (folder / name).is_file() else None
        for key, name in FILES.items()
    }
