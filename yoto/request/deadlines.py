"""The deadline that a caller says, by the headers of gRPC and of Envoy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import current_app, g, has_request_context, request

from yoto import deadlines

# The counter of headers that were ignored.
EXTENSION = "yoto.deadlines"
# gRPC over HTTP/2, "Requests": up to eight digits and a unit.
GRPC = "HTTP_GRPC_TIMEOUT"
_GRPC = re.compile(r"([0-9]{1,8})([HMSmun])")
_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
# Envoy's router sets it to the milliseconds that it waits for this attempt; 0: without end.
ENVOY = "HTTP_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS"
_ENVOY = re.compile(r"[0-9]{1,10}")
LONGEST = 86_400.0  # s; who would wait for longer means something else


def said_by(environ: Mapping[str, Any], on_ignored: Callable[[], None]) -> float | None:
    """The seconds that the caller of a request still waits; None: it did not say.

    Args:
        on_ignored: called for each header that is no number, negative, or longer than a day.
    """
    found: list[float] = []
    for read, header in ((_of_grpc, GRPC), (_of_envoy, ENVOY)):
        text = environ.get(header)
        if text is None:
            continue
        seconds = read(text)
        if seconds is None or seconds > LONGEST:
            on_ignored()
        elif seconds or header == GRPC:
            found.append(seconds)
    return min(found, default=None)


def _of_grpc(text: str) -> float | None:
    match = _GRPC.fullmatch(text)
    return None if match is None else int(match[1]) * _UNITS[match[2]]


def _of_envoy(text: str) -> float | None:
    return int(text) / 1000 if _ENVOY.fullmatch(text) else None


def hear() -> None:
    """Put the request at hand under its caller's deadline: who calls by a credential is believed
    without a proxy.
    """
    on_ignored = current_app.extensions.get(EXTENSION) if has_request_context() else None
    if on_ignored is None:
        return
    seconds = said_by(request.environ, on_ignored)
    if seconds is None:
        return
    if "deadline" in g:
        deadlines.shorten(g.deadline, seconds)
    else:
        g.deadline = deadlines.put(seconds)
    deadlines.check_deadline()
