"""Breakers, rate limits and bulkheads: their states, and the acts of operators on them.

The audit record of each act is made before the act takes effect.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Any, TypedDict, TypeVar

import marshmallow as ma
from marshmallow.validate import Length

from yoto.auth.operators import ADMIN, OPERATE, VIEW, Via, demand_right, operator
from yoto.errors import StoreUnavailable, UnknownResource, ValidationFailed
from yoto.http.acts import record_act
from yoto.http.fields import Text
from yoto.http.operation import After, Author, Command, Limit, Reason, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.http.shapes import Seconds
from yoto.operate.application import of_application
from yoto.operate.guard_state import GUARDED, Guard, GuardKind, GuardState, every_guard, one_guard
from yoto.operate.insight import has_insight
from yoto.permission import MASKED
from yoto.persistence import DATABASE
from yoto.resilience import (
    REDIS_BREAKER,
    Kind,
    MultiDimensionalKey,
    get_resilience_controller,
    network_of,
)

T = TypeVar("T")

LONGEST_NAME, LONGEST_PART = 128, 200  # characters
# s. A state that an operator forced and forgot ends by itself.
FORCED_FOR = 3_600.0
LONGEST_EXPIRY = 365 * 24 * 3600
ISOLATE, CLOSE, RESET = "isolate", "close", "reset"
# Fields that two guards never share, or that their states express already.
NOT_COMPARED = ("name", "spark", "limiter.top", "breaker.forced")
ForcedFor = Annotated[
    float | None,
    Seconds(0, LONGEST_EXPIRY, above=True),
    f"Seconds; {FORCED_FOR:.0f} when left out, null: until it is reset",
]
Part = Annotated[str | None, partial(Text, LONGEST_PART, min_length=1)]

guards = Subject(
    "guards", "/guards", "Breakers, rate limits and bulkheads as they are", "guard", "yoto guards"
)
breakers = Subject("breakers", "/breakers", "What is done to circuit breakers", "breaker")
limiters = Subject("limiters", "/limiters", "What is done to rate limits", "limiter")
bulkheads = Subject("bulkheads", "/bulkheads", "What is done to bulkheads", "bulkhead")


class ResetDone(TypedDict):
    """The callers whose usage was reset."""

    dimensions: list[str]
    complete: Annotated[bool, "False: some of all callers are left, and another call goes on"]


class Differs(TypedDict):
    """A field in which two guards differ."""

    field: Annotated[str, "Such as `breaker.failures`, or `settings.window` of the configuration"]
    first: Annotated[Any | None, "null: it has no such field, or none is known"]
    second: Any | None


class GuardPair(TypedDict):
    """Two guards side by side."""

    first: Guard
    second: Guard
    difference: list[Differs]


class Released(TypedDict):
    """The slots that were released."""

    released: int


@guards.operation("GET", "", VIEW)
def list_guards(
    kind: GuardKind | None = None,
    state: GuardState | None = None,
    name: Annotated[
        str | None,
        partial(ma.fields.String, validate=Length(1, LONGEST_NAME)),
        "Text that is in the name",
    ] = None,
    after: After = None,
    limit: Limit = PAGE_DEFAULT,
) -> Page[Guard]:
    """Every guard: its state, and the calls it allows and rejects"""
    kinds = GUARDED if kind is None else (Kind(kind),)
    found = [
        one
        for one in every_guard(get_resilience_controller(), kinds, name)
        if state is None or one["state"] == state
    ]
    _hide_networks(found)
    return slice_of(found, after, limit)


@guards.operation("GET", "/<kind>/<name>", VIEW)
def read_guard(kind: str, name: str) -> Guard:
    """One guard"""
    if kind not in GUARDED:
        raise UnknownResource("kind", kind, "kind")
    found = one_guard(get_resilience_controller(), Kind(kind), check_known(Kind(kind), name))
    _hide_networks([found])
    return found


def _side_by_side(found: GuardPair, first: str, second: str) -> Iterator[str]:
    yield f"{'':<36} {first:<36} {second}"
    for one in found["difference"]:
        yield f"{one['field']:<36} {json.dumps(one['first']):<36} {json.dumps(one['second'])}"
    if not found["difference"]:
        yield "They do not differ."


@guards.operation(
    "GET",
    "/<first>/diff/<second>",
    VIEW,
    Command(
        "diff",
        _side_by_side,
        "Show FIRST and SECOND side by side, such as bulkhead:search and rate_limit:search.",
    ),
)
def diff_guards(first: str, second: str) -> GuardPair:
    """Two guards side by side, each by its kind and name as in `bulkhead:search`"""
    pair = [read_guard(*one.partition(":")[::2]) for one in (first, second)]
    here, there = map(_facts, pair)
    difference: list[Differs] = [
        {"field": field, "first": here.get(field), "second": there.get(field)}
        for field in {**here, **there}
        if here.get(field) != there.get(field)
    ]
    return {"first": pair[0], "second": pair[1], "difference": difference}


@breakers.operation("POST", "/<name>/isolate", OPERATE, body="Force")
def isolate_breaker(
    name: str, reason: Reason, by: Author, expires_in: ForcedFor = FORCED_FOR
) -> Guard:
    """Reject every call, in every worker, until the expiry"""
    return _force(ISOLATE, name, reason, by, expires_in)


@breakers.operation("POST", "/<name>/close", OPERATE, body="Force")
def close_breaker(
    name: str, reason: Reason, by: Author, expires_in: ForcedFor = FORCED_FOR
) -> Guard:
    """Allow every call and count none, in every worker, until the expiry"""
    return _force(CLOSE, name, reason, by, expires_in)


@breakers.operation("POST", "/<name>/reset", OPERATE)
def reset_breaker(name: str, reason: Reason, by: Author) -> Guard:
    """Close it with nothing counted and nothing forced"""
    return _force(RESET, name, reason, by, None)


@limiters.operation("POST", "/<name>/reset-key", OPERATE, body="ResetKey")
def reset_limiter_key(
    name: str,
    reason: Reason,
    by: Author,
    user: Part = None,
    server: Part = None,
    address: Part = None,
    text: Part = None,
    everyone: Annotated[
        bool, partial(ma.fields.Boolean), "What the dimension `global` counted"
    ] = False,
    all: Annotated[bool, partial(ma.fields.Boolean), "Of every caller"] = False,
) -> ResetDone:
    """Reset a caller's usage in each dimension of which all parts are given"""
    ways = (bool(user or server or address), bool(text), everyone, all)
    if ways.count(True) != 1:
        raise ValidationFailed({"user": "give parts of a caller, or text, everyone or all"})
    demand_right_to_the_way_in(name)
    check_known(Kind.RATE_LIMIT, name)
    operations = get_resilience_controller().operations
    if all:
        dimensions, complete = operations.reset_all(name, author=by, reason=reason)
        return {"dimensions": dimensions, "complete": complete}
    key: MultiDimensionalKey | str | None = text
    if not text and not everyone:
        key = MultiDimensionalKey(user, server, network_of(address))
    dimensions = operations.reset_key(name, key, author=by, reason=reason)
    return {"dimensions": dimensions, "complete": True}


@bulkheads.operation("POST", "/<name>/release", OPERATE, body="Release")
def release_bulkhead(
    name: str,
    reason: Reason,
    by: Author,
    partition: Annotated[str, partial(Text, LONGEST_PART)] = "",
) -> Released:
    """Release the slots of workers that are gone, before their leases end"""
    check_known(Kind.BULKHEAD, name)
    operations = get_resilience_controller().operations
    return {"released": operations.release(name, partition, author=by, reason=reason)}


def _facts(guard: Guard) -> dict[str, Any]:
    """The fields of a guard and its configuration, by name."""
    entry = get_resilience_controller().config.get(Kind(guard["kind"]), guard["name"])
    whole: dict[str, Any] = {**guard, "settings": entry.config.to_mapping()}
    facts: dict[str, Any] = {}
    for name, value in whole.items():
        inner = value if isinstance(value, dict) else {"": value}
        facts |= {f"{name}.{part}".rstrip("."): one for part, one in inner.items()}
    return {name: one for name, one in facts.items() if not name.startswith(NOT_COMPARED)}


def check_known(kind: Kind, name: str) -> str:
    """The name, if there is such a guard, since an act on a misspelt one would do nothing.

    Raises:
        UnknownResource: there is none.
    """
    if name not in get_resilience_controller().known_names(kind):
        raise UnknownResource(kind.value, name, "name")
    return name


def demand_right_to_the_way_in(name: str) -> None:
    """Let only administrators act on a guard that could open or block the sign-in.

    A limit against guessing protects the passwords of administrators too: an operator who loosened
    it could guess one and gain all rights. Without the database no user can sign in, so an operator
    who forced its breaker could lock out everyone without the break-glass token or a terminal.

    Raises:
        PermissionDenied: it is such a guard, and the caller is no administrator.
    """
    if name in of_application().limits_against_guessing or name == DATABASE:
        demand_right(ADMIN)


def slice_of(rows: Sequence[T], after: int | None, limit: int) -> Page[T]:
    """A page of rows that are all in memory; the cursor is an index into them."""
    start = after or 0
    places = list(enumerate(rows[start : start + limit + 1], start + 1))
    page = cut(places, limit, lambda row: row[0])
    return Page([row for _, row in page.items], page.next)


def _hide_networks(found: Sequence[Guard]) -> None:
    """Mask the networks of callers for operators who may not know about others."""
    tops = [one["limiter"]["top"] for one in found if one["limiter"] is not None]
    callers = [use for top in tops if top is not None for use in top["keys"]]
    if callers and not has_insight():
        for use in callers:
            use["address"] = None if use["address"] is None else MASKED


def _force(act: str, name: str, reason: str, by: str, ttl: float | None) -> Guard:
    """Isolate or close a breaker in every worker, for seconds or until it is reset; or reset it.

    Raises:
        UnknownResource: there is no such breaker.
        ValidationFailed: it is the breaker of the connection to Redis, which changes only by
            itself.
        StoreUnavailable: the record cannot be reached; nothing was done.
    """
    if name == REDIS_BREAKER:
        raise ValidationFailed({"name": "redis opens and closes by itself"})
    demand_right_to_the_way_in(name)
    check_known(Kind.CIRCUIT_BREAKER, name)
    operations = get_resilience_controller().operations
    try:
        if act == ISOLATE:
            operations.isolate(name, author=by, reason=reason, ttl=ttl)
        elif act == CLOSE:
            operations.close(name, author=by, reason=reason, ttl=ttl)
        else:
            operations.reset(name, author=by, reason=reason)
    except StoreUnavailable as error:
        if error.store != DATABASE or operator().via is not Via.BREAK_GLASS:
            raise
        _force_without_record(act, name, reason, ttl)
    return read_guard(Kind.CIRCUIT_BREAKER, name)


def _force_without_record(act: str, name: str, reason: str, ttl: float | None) -> None:
    """The break-glass token is used because the database is away: then Redis alone holds the state,
    and the log of the process has the record."""
    record_act(f"breaker.{act}", f"circuit_breaker:{name}", reason=reason, after={"seconds": ttl})
    breaker = get_resilience_controller().circuit_breaker(name)
    seconds = LONGEST_EXPIRY if ttl is None else ttl
    if act == ISOLATE:
        breaker.force_open(reason, seconds)
    elif act == CLOSE:
        breaker.force_close(reason, seconds)
    else:
        breaker.reset(reason)
