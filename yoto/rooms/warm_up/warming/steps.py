"""The steps, each with a report of its own. Nothing here raises on purpose."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from yoto.rooms.warm_up.preloading import Preloading
from yoto.rooms.warm_up.preloading.filling import Progress
from yoto.rooms.warm_up.warming.parts import OK, WarmUpParts


class Outcome(NamedTuple):
    """The result of a step; ``error``: why it is incomplete."""

    details: Mapping[str, Any]
    error: str | None = None


# A step gets a progress callback, and an event that is set when it must end.
Step = Callable[[Progress, threading.Event], Outcome]


def cache_step(preloading: Preloading | None) -> Step:
    """Bring hot entries into the cache. Without any, nothing is loaded, and the report says so."""

    def warm(progress: Progress, stop: threading.Event) -> Outcome:
        if preloading is None or not preloading.hot.settings.enabled:
            return Outcome({}, "hot entries are not counted in this application")
        report = preloading.run(progress, stop)
        details = {**asdict(report), "loaded": report.loaded}
        error = "it was stopped" if report.ended == "stopped" else None
        return Outcome(details, error)

    return warm


def further_step(work: Callable[[], Mapping[str, Any]]) -> Step:
    """A step that does the work of another part of the application."""
    return lambda progress, stop: Outcome(work())


def system_step(parts: WarmUpParts) -> Step:
    """Check every component; one that is not known to work does not count as working."""

    def look(progress: Progress, stop: threading.Event) -> Outcome:
        if parts.components is None:
            return Outcome({}, "the state of the components is unknown")
        found = parts.components()
        progress(len(found), len(found))
        details = {one.name: {"state": one.state, "detail": one.detail} for one in found}
        bad = [f"{one.name} is {one.state} ({one.detail})" for one in found if one.state != OK]
        if not found:
            return Outcome(details, "there was no component to look at")
        return Outcome(details, "; ".join(bad) or None)

    return look
