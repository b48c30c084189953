"""Rollouts: one worker tries new values of a guard before all have them. The configuration store
audits each act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any, TypedDict

from flask import current_app

from yoto.auth.operators import OPERATE, VIEW
from yoto.errors import UnknownResource, ValidationFailed, VersionConflict
from yoto.http.operation import Author, Command, Reason, SeenVersion, Subject
from yoto.http.shapes import Between, Seconds
from yoto.moments import at_ms, moment
from yoto.operate.config import conflict_at, guard_key
from yoto.operate.guards import demand_right_to_the_way_in
from yoto.resilience import KEPT_FOR, Change, Kind, get_resilience_controller

from .dry_run import DryRun, dry_run_of
from .trials import Rollouts, config_of_rollout

ENTRY = "/<kind>/<name>"
EXTENSION = "yoto.rollouts"
Share = Annotated[float, Between(0, 1)]


class Rollout(TypedDict):
    """Values that one worker tries, and the criteria that decide on them."""

    kind: str
    name: str
    worker: Annotated[str, "Id of the worker in which they hold"]
    values: Annotated[dict[str, Any], "All that operators would set on the guard"]
    author: str
    reason: str
    since: datetime
    until: Annotated[datetime, "When every worker has them, if nothing is wrong by then"]
    minimum_calls: int
    max_rejected: Annotated[float, "Share of calls, 0 to 1, above which they are taken back"]
    max_failed: Annotated[float, "The same of admitted calls that failed"]


class RolloutList(TypedDict):
    """The active rollouts."""

    items: list[Rollout]


class RolledOut(TypedDict):
    """The result of an act."""

    live: Annotated[bool, "False: recorded; workers follow when Redis is back"]


rollouts = Subject(
    "rollouts",
    "/rollouts",
    "New values of guards that one worker tries before all have them",
    "rollout",
    "resilience rollout",
    "Try new values of a guard in one worker first.",
    {RolloutList: "Rollouts"},
)


dry_runs = Subject(
    "dry_runs", "/config", "What values of a guard would have done to recorded calls", "entry"
)


def _lines(found: RolloutList, **given: Any) -> Iterator[str]:
    for one in found["items"]:
        yield (
            f"{one['kind']} {one['name']}: {one['worker']} tries {one['values']} until "
            f"{moment(one['until'])}, by {one['author']}: {one['reason']}"
        )
    if not found["items"]:
        yield "No worker tries anything."


def _began(found: Rollout, **given: Any) -> Iterator[str]:
    yield from _lines({"items": [found]})


def _done(found: RolledOut, kind: str, name: str, **given: Any) -> Iterator[str]:
    later = "" if found["live"] else " (recorded; workers follow when Redis is back)"
    yield f"{kind} {name}: done{later}"


@rollouts.operation("GET", "", VIEW, Command("list", _lines))
def list_rollouts() -> RolloutList:
    """Values that one worker tries before all have them"""
    return {"items": [_shown(one) for one in _rollouts().live()]}


@rollouts.operation(
    "POST",
    ENTRY,
    OPERATE,
    Command("begin", _began, arguments=("values",), called={"seconds": "for"}),
    body="NewRollout",
)
def begin_rollout(
    kind: str,
    name: str,
    values: dict[str, Any],
    worker: Annotated[str, "Id of the worker that tries them"],
    reason: Reason,
    by: Author,
    seconds: Annotated[float, Seconds(1, 86_400), "How long, until all have them"] = 300.0,
    minimum_calls: Annotated[int, Between(1, 1_000_000), "Fewer calls decide nothing"] = 20,
    max_rejected: Annotated[Share, "Share of its calls that may be rejected"] = 0.05,
    max_failed: Annotated[Share, "Share of admitted calls that may fail"] = 0.05,
    version: SeenVersion = None,
) -> Rollout:
    """Let one worker try these values, then all; too many rejected or failed calls end the trial"""
    demand_right_to_the_way_in(name)
    key = guard_key(kind, name)
    worker = _worker(worker)
    with _told(key, version, values):
        _rollouts().begin(
            *key,
            values,
            author=by,
            reason=reason,
            version=version,
            worker=worker,
            seconds=seconds,
            minimum_calls=minimum_calls,
            max_rejected=max_rejected,
            max_failed=max_failed,
        )
    return _shown(_found(key))


@rollouts.operation("POST", f"{ENTRY}/promote", OPERATE, Command("promote", _done))
def promote_rollout(kind: str, name: str, reason: Reason, by: Author) -> RolledOut:
    """Give every worker the values that one tries, now"""
    demand_right_to_the_way_in(name)
    key = guard_key(kind, name)
    change = _found(key)
    config = config_of_rollout(change)
    with _told(key, config.version, config.values):
        return {"live": _rollouts().promote(change.name, author=by, reason=reason).live}


@rollouts.operation("POST", f"{ENTRY}/end", OPERATE, Command("end", _done))
def end_rollout(kind: str, name: str, reason: Reason, by: Author) -> RolledOut:
    """Take back the values that one worker tries"""
    demand_right_to_the_way_in(name)
    change = _found(guard_key(kind, name))
    return {"live": _rollouts().take_back(change.name, author=by, reason=reason).live}


@dry_runs.operation("POST", f"{ENTRY}/dry-run", VIEW, body="Try", changes=False)
def dry_run_config(
    kind: str,
    name: str,
    values: dict[str, Any | None],
    seconds: Annotated[float, Seconds(1, KEPT_FOR), "How far back"] = KEPT_FOR,
) -> DryRun:
    """How many calls of the last minutes the values would have refused; nothing changes"""
    return dry_run_of(get_resilience_controller(), *guard_key(kind, name), values, seconds=seconds)


def _rollouts() -> Rollouts:
    found: Rollouts = current_app.extensions[EXTENSION]
    return found


def _found(key: tuple[Kind, str]) -> Change:
    name = f"{key[0].value}:{key[1]}"
    for one in _rollouts().live():
        if one.name == name:
            return one
    raise UnknownResource("rollout", name, "name")


@contextmanager
def _told(key: tuple[Kind, str], version: int | None, yours: Mapping[str, Any]) -> Iterator[None]:
    """Give a version conflict the values of all sides, as any other change does.

    Raises:
        VersionConflict: the entry was changed since ``version``.
    """
    try:
        yield
    except VersionConflict:
        if version is None or get_resilience_controller().config.get(*key).version == version:
            raise  # another rollout was begun at the same moment
        raise conflict_at(key, version, yours) from None


def _worker(wanted: str) -> str:
    """The id of a worker, which must exist.

    Raises:
        ValidationFailed: there is no such worker.
        StoreUnavailable: Redis is unavailable, so the workers are unknown.
    """
    if all(one.id != wanted for one in get_resilience_controller().instances.all()):
        raise ValidationFailed({"worker": f"no worker {wanted!r} is there"})
    return wanted


def _shown(change: Change) -> Rollout:
    kind, _, name = change.name.partition(":")
    config = config_of_rollout(change)
    since = at_ms(change.at)
    return {
        "kind": kind,
        "name": name,
        "worker": config.worker,
        "values": dict(config.values),
        "author": change.author,
        "reason": change.reason,
        "since": since,
        "until": since + timedelta(seconds=config.seconds),
        "minimum_calls": config.minimum_calls,
        "max_rejected": config.max_rejected,
        "max_failed": config.max_failed,
    }
