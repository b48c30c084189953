"""``flask prefetch``: show and control prefetching, and delete people's behaviour."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Literal

import click
from flask.cli import AppGroup

from yoto.cli.operations import command
from yoto.cli.options import login
from yoto.cli.permission import user_id_of
from yoto.http.operation import Reason
from yoto.http.shapes import Between
from yoto.rooms.prefetch.extension import PREFETCH
from yoto.rooms.prefetch.operating import forget_behaviour, order

prefetch = AppGroup("prefetch", help="See what prefetching does, steer it, forget people.")

PREDICTIONS_SHOWN = 10
Worker = Annotated[str | None, "Only this one; 'stats' names them."]


@command(prefetch, "stats")
def stats() -> str:
    """Show, as JSON, the fleet's limits and each worker's prefetches."""
    service = PREFETCH.current
    shown = {"switches": service.switches(), "workers": service.fleet_stats()}
    return json.dumps(shown, indent=2)


@command(prefetch, "predict <user>")
def predict(user: str, limit: Annotated[int, Between(1, 100)] = PREDICTIONS_SHOWN) -> Iterator[str]:
    """Show the likely next acts of USER (username or id), and the recorded behaviour."""
    service, user_id = PREFETCH.current, user_id_of(user)
    service.catch_up()
    profile = service.profile(user_id)
    yield f"actions known: {0.0 if profile is None else profile.activities:.1f}"
    for one in service.analyzer.predict(user_id)[:limit]:
        where = one.step.kind if one.step.id is None else f"{one.step.kind}:{one.step.id}"
        yield f"{one.probability:8.4f}  {one.step.action}  {where}"


@command(prefetch, "forget <user>")
def forget(user: str, reason: Reason) -> str:
    """Delete the recorded behaviour of USER (username or id), in Redis and in every worker."""
    user_id = user_id_of(user)
    forget_behaviour(user_id, reason)
    return f"The behaviour of user {user_id} is forgotten; workers follow within a second."


@command(prefetch, "pause")
def pause(reason: Reason, worker: Worker = None) -> str:
    """Pause prefetching in all workers, or in one."""
    if worker is not None:
        order(worker, "pause", reason)
        return f"{worker} is paused."
    PREFETCH.current.pause(reason, login())
    return "No worker prefetches any more."


@command(prefetch, "resume")
def resume(reason: Reason, worker: Worker = None) -> str:
    """Resume prefetching in all workers, or in one that was paused alone."""
    if worker is not None:
        order(worker, "resume", reason)
        return f"{worker} prefetches again."
    PREFETCH.current.resume(reason, login())
    return "Workers prefetch again."


@command(prefetch, "cancel <worker> <task_id>")
def cancel(worker: str, task_id: Annotated[int, click.IntRange(1)], reason: Reason) -> str:
    """Cancel the prefetch TASK_ID, which waits in WORKER; 'stats' shows both."""
    order(worker, "cancel", reason, task_id)
    return f"{worker} has cancelled prefetch {task_id}."


@command(prefetch, "recording <state>")
def recording(state: Literal["on", "off"], reason: Reason) -> str:
    """Turn recording of behaviour on or off everywhere. Existing records stay until they expire."""
    PREFETCH.current.set_recording(state == "on", reason, login())
    return f"Behaviour is recorded: {state}."
