"""Features: how far they are switched off, and by whom."""

from __future__ import annotations

from typing import Annotated, TypedDict

from yoto.auth.operators import OPERATE, VIEW
from yoto.errors import UnknownResource
from yoto.http.operation import After, Author, Limit, Reason, SeenVersion, Subject
from yoto.http.paging import PAGE_DEFAULT, Page
from yoto.http.shapes import Between, Seconds
from yoto.operate.guards import LONGEST_EXPIRY, slice_of
from yoto.resilience import (
    EVERY_FEATURE,
    DegradationLevel,
    Kind,
    declared,
    get_resilience_controller,
)

degradation = Subject("degradation", "/degradation", "How far features are switched off", "feature")


class Feature(TypedDict):
    """How far a feature is degraded, and who asks for it."""

    name: str
    level: str
    sources: dict[str, str]
    version: Annotated[int, Between(0, 2**31)]


class LiveFeature(Feature):
    """The feature after a change."""

    live: Annotated[bool, "False: recorded; workers follow when Redis is back"]


@degradation.operation("GET", "", VIEW)
def list_degradations(after: After = None, limit: Limit = PAGE_DEFAULT) -> Page[Feature]:
    """Features that can be degraded, and how far they are"""
    names = [EVERY_FEATURE, *sorted(feature_names() - {EVERY_FEATURE})]
    return slice_of([read_degradation(name) for name in names], after, limit)


@degradation.operation("GET", "/<name>", VIEW, tagged=True, also=(422,))
def read_degradation(name: str) -> Feature:
    """How far a feature is degraded, and who asks for it"""
    controller = get_resilience_controller()
    if name not in feature_names():
        raise UnknownResource("feature", name, "name")
    status = controller.degradation.status(name)
    return {
        "name": name,
        "level": status.level.value,
        "sources": {source: level.value for source, level in status.sources.items()},
        "version": controller.config.get(Kind.DEGRADATION, name).version,
    }


@degradation.operation("POST", "/<name>/level", OPERATE, body="Level", tagged=True)
def set_degradation(
    name: str,
    level: Annotated[DegradationLevel | None, "null takes an operator's level back"],
    reason: Reason,
    by: Author,
    expires_in: Annotated[float | None, Seconds(0, LONGEST_EXPIRY, above=True)] = None,
    version: SeenVersion = None,
) -> LiveFeature:
    """Set a feature's level, which wins over all others, or take it back"""
    read_degradation(name)
    receipt = get_resilience_controller().degradation.set_level(
        name, level, version=version, author=by, reason=reason, expires_in=expires_in
    )
    return {**read_degradation(name), "live": receipt.live}


def feature_names() -> set[str]:
    """Names of features that the code declares, that are in use, or that have a stored entry."""
    stored = {entry.name for entry in get_resilience_controller().config.list(Kind.DEGRADATION)}
    return stored | declared(Kind.DEGRADATION) | {EVERY_FEATURE}
