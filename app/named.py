"""Functions that settings name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from yoto.errors import ConfigurationError


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
