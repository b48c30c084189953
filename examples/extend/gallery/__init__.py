"""Pictures in Yoto: what an installation registers of its own, each kind of thing once.

PYTHONPATH=examples/extend YOTO_EXTENSIONS=gallery:register make run
"""

from __future__ import annotations

from flask import Flask
from gallery import access, limits, page, rest, uploads


def register(app: Flask) -> None:
    """Called by ``create_app``, last and in a context of ``app``."""
    access.register()
    limits.register()
    uploads.register(app)
    rest.register(app)
    page.register(app)
