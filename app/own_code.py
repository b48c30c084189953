"""Code of an installation's own, which the configuration names (``docs/extend.md``)."""

from __future__ import annotations

from flask import Flask

from app.named import function_named
from yoto.errors import ConfigurationError, PlatformError

KEY = "EXTENSIONS"


def call_own_code(app: Flask) -> None:
    """Call what ``EXTENSIONS`` names with ``app``, in its context and in the order given.

    Raises:
        ConfigurationError: a function is not there, or what it registers is refused. What else a
            function raises is its own, with a note of which one it was.
    """
    paths = app.config[KEY].split(",") if app.config[KEY] else []
    for function, path in [(function_named(KEY, path), path) for path in paths]:
        try:
            with app.app_context():
                function(app)
        except PlatformError as error:
            raise ConfigurationError(KEY, f"'{path}': {error}") from error
        except Exception as error:
            error.add_note(f"raised by '{path}', which YOTO_{KEY} names")
            raise
