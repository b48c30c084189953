"""What operators do to guards. The platform's own record of each act is made before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yoto.control_plane.application import of_application
from yoto.control_plane.guards import pictures
from yoto.control_plane.guards.schemas import LONGEST_EXPIRY
from yoto.control_plane.permissions.insight import has_insight
from yoto.errors import StoreUnavailable, UnknownResource, ValidationFailed
from yoto.http.acts import author, record_act
from yoto.http.control_api import ADMIN, operator
from yoto.http.operators import Via, demand_right
from yoto.http.paging import Page, cut
from yoto.permission import MASKED
from yoto.resilience import (
    EVERY_FEATURE,
    REDIS_BREAKER,
    Kind,
    MultiDimensionalKey,
    declared,
    get_resilience_controller,
    network_of,
)
from yoto.wiring import DATABASE

ISOLATE, CLOSE, RESET = "isolate", "close", "reset"


def guards(
    kind: str | None, state: str | None, name: str | None, after: int | None, limit: int
) -> Page[dict[str, Any]]:
    """A slice of the wall; the cursor is a place in it."""
    kinds: Sequence[Kind] = pictures.GUARDED if kind is None else (Kind(kind),)
    found = [
        one
        for one in pictures.wall(get_resilience_controller(), kinds, name)
        if state is None or one["state"] == state
    ]
    _hide_networks(found)
    return slice_of(found, after, limit)


def guard(kind: str, name: str) -> dict[str, Any]:
    """One guard.

    Raises:
        UnknownResource: there is no such kind of guard, or none of that name.
    """
    if kind not in pictures.GUARDED:
        raise UnknownResource("kind", kind, "kind")
    found = pictures.alone(get_resilience_controller(), Kind(kind), check_known(Kind(kind), name))
    _hide_networks([found])
    return found


def _hide_networks(found: Sequence[dict[str, Any]]) -> None:
    """Where callers are is for those who may know about others, as in the audit log."""
    tops = [one["limiter"]["top"] for one in found if one["limiter"] is not None]
    callers = [use for top in tops if top is not None for use in top["keys"]]
    if callers and not has_insight():
        for use in callers:
            use["address"] = None if use["address"] is None else MASKED


def force(act: str, name: str, reason: str, expires_in: float | None = None) -> dict[str, Any]:
    """Isolate or close a breaker in every worker, for seconds or until it is reset; or reset it.

    Raises:
        UnknownResource: there is no such breaker.
        ValidationFailed: it is that of the connection to Redis, which has a mind of its own.
        StoreUnavailable: the record cannot be reached; nothing was done.
    """
    if name == REDIS_BREAKER:
        raise ValidationFailed({"name": "redis opens and closes by itself"})
    demand_right_to_the_way_in(name)
    check_known(Kind.CIRCUIT_BREAKER, name)
    try:
        _force_recorded(act, name, reason, expires_in)
    except StoreUnavailable as error:
        if error.store != DATABASE or operator().via is not Via.BREAK_GLASS:
            raise
        _force_without_record(act, name, reason, expires_in)
    return guard(Kind.CIRCUIT_BREAKER, name)


def _force_recorded(act: str, name: str, reason: str, ttl: float | None) -> None:
    operations, who = get_resilience_controller().operations, author()
    if act == ISOLATE:
        operations.isolate(name, author=who, reason=reason, ttl=ttl)
    elif act == CLOSE:
        operations.close(name, author=who, reason=reason, ttl=ttl)
    else:
        operations.reset(name, author=who, reason=reason)


def _force_without_record(act: str, name: str, reason: str, ttl: float | None) -> None:
    """The glass was broken because the database is away: then Redis alone holds the state, and
    the log of the process has the record."""
    record_act(f"breaker.{act}", f"circuit_breaker:{name}", reason=reason, after={"seconds": ttl})
    breaker = get_resilience_controller().circuit_breaker(name)
    seconds = LONGEST_EXPIRY if ttl is None else ttl
    if act == ISOLATE:
        breaker.force_open(reason, seconds)
    elif act == CLOSE:
        breaker.force_close(reason, seconds)
    else:
        breaker.reset(reason)


def reset_key(name: str, reason: str, **parts: Any) -> dict[str, Any]:
    """Forget what a caller used; raises as ``GuardActs.reset_key``, ``UnknownResource``, and as
    ``demand_right_to_the_way_in``.
    """
    demand_right_to_the_way_in(name)
    check_known(Kind.RATE_LIMIT, name)
    acts = get_resilience_controller().acts
    if parts["all"]:
        dimensions, complete = acts.reset_all(name, author=author(), reason=reason)
        return {"dimensions": dimensions, "complete": complete}
    key: MultiDimensionalKey | str | None = None
    if parts["text"]:
        key = parts["text"]
    elif not parts["everyone"]:
        key = MultiDimensionalKey(parts["user"], parts["server"], network_of(parts["address"]))
    return {"dimensions": acts.reset_key(name, key, author=author(), reason=reason)}


def release(name: str, reason: str, partition: str) -> dict[str, Any]:
    """Give back the slots of workers that are gone; raises as ``GuardActs.release``."""
    check_known(Kind.BULKHEAD, name)
    acts = get_resilience_controller().acts
    return {"released": acts.release(name, partition, author=author(), reason=reason)}


def features(after: int | None, limit: int) -> Page[dict[str, Any]]:
    """Features that can be degraded, and the entry that is for all of them."""
    names = [EVERY_FEATURE, *sorted(feature_names() - {EVERY_FEATURE})]
    return slice_of([feature(name) for name in names], after, limit)


def feature_names() -> set[str]:
    """Features that the code has, that are used, or under whose names something is stored."""
    stored = {entry.name for entry in get_resilience_controller().config.list(Kind.DEGRADATION)}
    return stored | declared(Kind.DEGRADATION) | {EVERY_FEATURE}


def feature(name: str) -> dict[str, Any]:
    """How far a feature is degraded.

    Raises:
        UnknownResource: nothing here is called so, and nobody stored anything under the name.
    """
    controller = get_resilience_controller()
    if name not in feature_names():
        raise UnknownResource("feature", name, "name")
    entry = controller.get_config(Kind.DEGRADATION, name)
    status = controller.degradation.status(name)
    return {
        "name": name,
        "level": status.level.value,
        "sources": {source: level.value for source, level in status.sources.items()},
        "version": entry.version,
    }


def set_level(
    name: str, level: str | None, reason: str, expires_in: float | None, version: int | None
) -> dict[str, Any]:
    """Set or take back an operator's level; raises as ``set_degradation_level`` and ``feature``."""
    feature(name)
    receipt = get_resilience_controller().set_degradation_level(
        name, level, version=version, author=author(), reason=reason, expires_in=expires_in
    )
    return {**feature(name), "live": receipt.live}


def check_known(kind: Kind, name: str) -> str:
    """The name, if there is such a guard: an act on a misspelt one would do nothing.

    Raises:
        UnknownResource: there is none.
    """
    if name not in get_resilience_controller().known_names(kind):
        raise UnknownResource(kind.value, name, "name")
    return name


def demand_right_to_the_way_in(name: str) -> None:
    """Go on with what could open or shut the way in, if that is this operator's to do.

    Behind a limit against guessing are the passwords of administrators too: whoever loosened it
    could guess one, and have all rights. Without the database nobody signs in, so whoever forced or
    set its breaker could keep everybody out but those with the break-glass token or a terminal.

    Raises:
        PermissionDenied: it is such a guard, and who asks is no administrator.
    """
    if name in of_application().limits_against_guessing or name == DATABASE:
        demand_right(ADMIN)


def slice_of(rows: Sequence[dict[str, Any]], after: int | None, limit: int) -> Page[dict[str, Any]]:
    """A page of rows that are all at hand."""
    start = after or 0
    places = list(enumerate(rows[start : start + limit + 1], start + 1))
    page = cut(places, limit, lambda row: row[0])
    return Page([row for _, row in page.items], page.next)
