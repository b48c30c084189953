"""A part of an application, and functions that make, start and close a list of parts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import Flask

log = logging.getLogger(__name__)

# The application's own configuration of its parts.
H = TypeVar("H", contravariant=True)


@dataclass(frozen=True)
class Component(Generic[H]):
    """A part of an application, or of the work that a part does.

    Attributes:
        name: for the log.
        init: makes it; nothing connects and no thread starts.
        start: begins its work in the background.
        close: ends its threads and connections; a later use, or ``start``, begins anew.
    """

    name: str
    init: Callable[[Flask, H], object] | None = None
    start: Callable[[Flask], object] | None = None
    close: Callable[[Flask], object] | None = None


def init_all(app: Flask, host: H, components: Sequence[Component[H]]) -> None:
    """Make each for ``app``, in order."""
    for one in components:
        if one.init is not None:
            one.init(app, host)


def start_all(app: Flask, components: Sequence[Component[H]]) -> None:
    """Begin the work of each, in order."""
    for one in components:
        if one.start is not None:
            one.start(app)


def close_all(app: Flask, components: Sequence[Component[H]]) -> None:
    """End each, the last first. One that fails is logged, and keeps no other from its end.

    Raises:
        ExceptionGroup: what those raised that failed, after all others were closed.
    """
    failed: list[Exception] = []
    for one in reversed(components):
        if one.close is None:
            continue
        try:
            one.close(app)
        except Exception as error:
            log.exception("'%s' of %s did not close", one.name, app.name)
            failed.append(error)
    if failed:
        raise ExceptionGroup(f"parts of {app.name} did not close", failed)
