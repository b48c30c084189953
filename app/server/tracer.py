"""The configured OpenTelemetry SDK, if there is one."""

from __future__ import annotations

import importlib

from opentelemetry import trace

from yoto.errors import ConfigurationError

KEY = "TRACER_PROVIDER"


def install_tracer(path: str | None) -> None:
    """Have what ``path`` makes record the spans of this process.

    To be called after the standard library was patched for eventlet or gevent, since an SDK starts
    a thread that sends spans.

    Args:
        path: ``module:function``, which returns a ``TracerProvider``; None: nobody records.

    Raises:
        ConfigurationError: there is no such function, or it makes something else.
    """
    if path is None:
        return
    module, _, name = path.partition(":")
    try:
        make = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(KEY, f"'{path}' is not there: {error}") from error
    provider = make()
    if not isinstance(provider, trace.TracerProvider):
        kind = type(provider).__name__
        raise ConfigurationError(KEY, f"'{path}' makes a {kind}, not a TracerProvider")
    trace.set_tracer_provider(provider)
