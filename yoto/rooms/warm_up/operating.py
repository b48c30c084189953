"""Acts of the warm-up. Each is in the audit log before it takes effect."""

from __future__ import annotations

from typing import Annotated, TypedDict

from flask import current_app

from yoto import cache as cache_layer
from yoto.auth.operators import OPERATE
from yoto.errors import AlreadyRunning
from yoto.extensions import cache, events, optimization
from yoto.http.acts import record_act
from yoto.http.operation import Reason, Subject
from yoto.nodes import NodeId
from yoto.operate.targets import EVERYTHING, user_number

from .extension import current_warming
from .warming.report import TASK

warming = Subject("warming", "/cache", "Warming up the cache", "entry")
upkeep = Subject("upkeep", "/maintenance", "Warming up and refreshing the cache", "task")


class ForgottenHot(TypedDict):
    """A user whose counts were removed from Redis."""

    user_id: int
    places: Annotated[int, "Where they had asked, as Redis knew"]


class Started(TypedDict):
    """Work that goes on in the background; `GET /tasks/<id>` and events report on it."""

    task_id: str
    instance: Annotated[str, "The worker whose memory is filled, and Redis"]


class Refreshed(Started):
    """Every worker forgot everything, and hot entries are being loaded again."""

    position: str


@warming.operation("POST", "/forget-hot", OPERATE, body="ForgetHot")
def forget_hot(
    user_id: Annotated[NodeId, "The number, or the application's own id"], reason: Reason
) -> ForgottenHot:
    """Forget where a user asked for permissions, on which warm-ups are based"""
    number = user_number(user_id, "user_id")
    record_act("cache.forget_hot", cache_layer.tags.user(number), reason=reason)
    return {"user_id": number, "places": optimization.hot.forget(number)}


@warming.operation("POST", "/warm-up", OPERATE, status=202)
def warm_cache_up(reason: Reason) -> Started:
    """Load hot entries into the cache, in the background; 409 while a warm-up is running"""
    _check_idle()
    record_act("cache.warm_up", f"worker:{_instance()}", reason=reason)
    return _begin()


@upkeep.operation("POST", "/warmup", OPERATE, status=202)
def warm_platform_up(reason: Reason) -> Started:
    """The same as `POST /cache/warm-up`"""
    return warm_cache_up(reason)


@upkeep.operation("POST", "/refresh", OPERATE, status=202)
def refresh_platform(reason: Reason) -> Refreshed:
    """Make every worker forget everything, then warm up in the background"""
    _check_idle()
    return {"position": forget_all(reason), **_begin()}


def forget_all(reason: str) -> str:
    """The first half of a refresh, for callers that warm up themselves; raises as ``invalidate``.

    Returns:
        The position of the invalidation.
    """
    subject = EVERYTHING.subject
    record_act("cache.refresh", subject, reason=reason, after={"instance": _instance()})
    return str(cache.current.invalidate(subject))


def _check_idle() -> None:
    latest = current_warming().latest
    if latest is not None and not latest.finished:
        raise AlreadyRunning(TASK, latest.task_id)


def _begin() -> Started:
    return {"task_id": current_warming().run(background=True).task_id, "instance": _instance()}


def _instance() -> str:
    return events.of(current_app).instance_id
