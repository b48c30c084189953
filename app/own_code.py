"""Code of an installation's own, which the configuration names (``docs/extend.md``)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from flask import Flask

from yoto.errors import ConfigurationError, PlatformError

KEY = "EXTENSIONS"


def function_named(key: str, path: str) -> Callable[..., Any]:
    """The function named by ``path``, a ``module:function``; the module is imported.

    Args:
        key: the setting that holds it.

    Raises:
        ConfigurationError: the module cannot be imported, or has no such function.
    """
    module, _, name = path.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(key, f"'{path}' is not there: {error}") from error
    if not callable(found):
        raise ConfigurationError(key, f"'{path}' is no function")
    function: Callable[..., Any] = found
    return function


def call_own_code(app: Flask) -> None:
    """Call what ``EXTENSIONS`` names with ``app``, in its context and in the order given.

    Raises:
        ConfigurationError: a function is not there, or what it registers is refused. Any other
            error is the function's own, with a note of which one it was.
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
