"""The configured OpenTelemetry SDK, if there is one."""

from __future__ import annotations

from opentelemetry import trace

from app.own_code import function_named
from yoto.errors import ConfigurationError

KEY = "TRACER_PROVIDER"


def install_tracer(path: str | None) -> None:
    """Record this process's spans with the tracer provider that ``path`` makes.

    To be called after the standard library was patched for eventlet or gevent, since an SDK starts
    a thread that sends spans.

    Args:
        path: ``module:function``, which returns a ``TracerProvider``; None: nothing is recorded.

    Raises:
        ConfigurationError: there is no such function, or it makes something else.
    """
    if path is None:
        return
    provider = function_named(KEY, path)()
    if not isinstance(provider, trace.TracerProvider):
        kind = type(provider).__name__
        raise ConfigurationError(KEY, f"'{path}' makes a {kind}, not a TracerProvider")
    trace.set_tracer_provider(provider)
