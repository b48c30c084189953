"""Routes that the nodes need beside the demo application, with a limit, a bulkhead, a lock, a
queue, a breaker.

``clients.EXTENSION`` names it to the nodes. Routes answer with moments of ``time.monotonic()``,
which all processes of a machine share. A known refusal is answered with 200 and says so; other
statuses are the platform's own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from flask import Blueprint, Flask, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import BigInteger, Column, MetaData, String, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from yoto.auth.access import public
from yoto.errors import BulkheadFull, LockLost, LockNotAcquired, StaleToken, StoreUnavailable
from yoto.extensions import optimization, resilience
from yoto.resilience import BulkheadConfig, CircuitBreakerConfig, RateLimitConfig
from yoto.rooms.queues.batch import QueueItem

# Small ones, which are reached on a slow machine too.
LIMITS: dict[str, dict[str, Any]] = {
    "campaign.log": {"algorithm": "sliding_log", "limit": 4, "window": 2.0},
    "campaign.bucket": {"algorithm": "token_bucket", "limit": 4, "window": 2.0, "burst": 4},
    "campaign.leased": {
        "algorithm": "token_bucket",
        # A lease is an eighth of what is left at most: a small limit never lends any.
        "limit": 80,
        "window": 4.0,
        "burst": 80,
        "mode": "leased",
    },
    "campaign.local": {
        "algorithm": "sliding_log",
        "limit": 4,
        "window": 2.0,
        "on_store_error": "local",
    },
}
BULKHEADS: dict[str, dict[str, Any]] = {
    "campaign.slots": {"max_concurrent": 3, "lease": 2.0},
    "campaign.spares": {"max_concurrent": 16, "lease": 2.0, "mode": "leased"},
}
# Limits that say nothing else refuse what Redis cannot decide, so that no exception explains it.
CLOSED = {"on_store_error": "closed"}
LOCK_LEASE, LOCK_WAIT = 2.0, 2.0  # s
BREAKER = "campaign.breaker"
KIND = "campaign"

tables = MetaData()
rows = Table(
    "campaign_rows",
    tables,
    Column("name", String(64), primary_key=True),
    Column("fence", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
)
# One row for each write that was accepted, in the order in which it was.
writes = Table(
    "campaign_writes",
    tables,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False),
    Column("token", BigInteger, nullable=False),
)
effects = Table("campaign_effects", tables, Column("id", String(64), primary_key=True))

campaign = Blueprint("campaign", __name__, url_prefix="/campaign")
OPEN = "the operations of the campaign are no person's"


def register(app: Flask) -> None:
    """Called by ``create_app``."""
    for name, fields in LIMITS.items():
        resilience.define(name, rate_limit=RateLimitConfig(**(CLOSED | fields)))
    for name, fields in BULKHEADS.items():
        resilience.define(name, bulkhead=BulkheadConfig(**(CLOSED | fields)))
    resilience.define(BREAKER, circuit_breaker=CircuitBreakerConfig())
    optimization.register_handler(KIND, take_effect)
    app.register_blueprint(campaign)


@campaign.get("/limits/<name>/<caller>")
@public(OPEN)
def hit(name: str, caller: str) -> ResponseReturnValue:
    """Use ``times`` units of a limit, one after the other: between which moments each was admitted
    or refused.
    """
    said: dict[str, list[tuple[float, float]]] = {"admitted": [], "refused": []}
    for _ in range(int(request.args["times"])):
        asked = time.monotonic()
        result = resilience.rate_limiter(name).hit(caller)
        said["admitted" if result.allowed else "refused"].append((asked, time.monotonic()))
    return jsonify(said)


@campaign.get("/bulkheads/<name>")
@public(OPEN)
def enter(name: str) -> ResponseReturnValue:
    """Be inside for ``hold`` seconds, and say until when the slot was certain."""
    bulkhead = resilience.bulkhead(name)
    before = bulkhead.store.answered_locally
    try:
        slot = bulkhead.acquire(timeout=0)
    except BulkheadFull:
        if bulkhead.store.answered_locally != before:
            return jsonify(refused="without Redis")
        return jsonify(admitted=False)
    with slot:
        entered = held_until = time.monotonic()
        ends = entered + float(request.args["hold"])
        while True:
            now = time.monotonic()
            if not slot.lost:
                held_until = now
            # Once more after the end: a worker that stood still may yet believe in its slot.
            if now >= ends:
                break
            time.sleep(0.01)
    return jsonify(admitted=True, entered=entered, held_until=held_until)


@campaign.post("/locks/<name>")
@public(OPEN)
def add(name: str) -> ResponseReturnValue:
    """Add one to a row under its lock; the new count, or why nothing was written."""
    lock = optimization.create_lock(f"campaign-{name}", timeout=LOCK_LEASE, wait=LOCK_WAIT)
    try:
        if not lock.acquire():
            return jsonify(refused="not acquired")
    except (LockNotAcquired, StoreUnavailable) as error:
        return jsonify(refused=repr(error))
    said: dict[str, Any] = {"token": lock.token, "entered": time.monotonic(), "lease": LOCK_LEASE}
    held_until = said["entered"]
    try:
        count = _claimed(name, lock.token) + 1
        ends = time.monotonic() + float(request.args["hold"])
        while (now := time.monotonic()) < ends:
            if lock.held:
                held_until = now
            time.sleep(0.01)
        # Whether it is held any more or not: the row is what refuses.
        _write(name, lock.token, count)
        said["count"] = count
    except StaleToken as error:
        said["refused"] = repr(error)
    finally:
        try:
            lock.release()
        except LockLost as error:
            said["lost"] = repr(error)
    return jsonify(said | {"held_until": held_until})


@campaign.post("/breakers/<state>")
@public(OPEN)
def turn(state: str) -> ResponseReturnValue:
    """Isolate the breaker or close it again; the number of the period that has begun."""
    breaker = resilience.circuit_breaker(BREAKER)
    before = breaker.state().period
    now = breaker.force_open("the campaign") if state == "isolated" else breaker.reset()
    return jsonify(period=now.period, turned=now.period != before and now.state == state)


@campaign.get("/worker")
@public(OPEN)
def worker() -> ResponseReturnValue:
    """Which process answers on this connection."""
    return jsonify(worker=os.getpid())


@campaign.get("/staying")
@public(OPEN)
def staying() -> ResponseReturnValue:
    """Hold a lock that nobody else wants for ``hold`` seconds, and say which worker did."""
    lock = optimization.create_lock(f"campaign-worker-{os.getpid()}", timeout=LOCK_LEASE)
    with suppress(LockLost), lock:
        time.sleep(float(request.args["hold"]))
    return jsonify(worker=os.getpid())


def _claimed(name: str, token: int) -> int:
    """Read the row's count; every earlier holder is shut out of the row from now on."""
    _fenced(name, token, {})
    found = db.session.execute(select(rows.c.count).where(rows.c.name == name)).scalar_one()
    db.session.commit()
    return int(found)


def _write(name: str, token: int, count: int) -> None:
    _fenced(name, token, {"count": count})
    db.session.execute(insert(writes).values(name=name, token=token))
    db.session.commit()


def _fenced(name: str, token: int, values: dict[str, int]) -> None:
    fenced = rows.c.name == name, rows.c.fence <= token
    written = db.session.execute(update(rows).where(*fenced).values(fence=token, **values))
    if written.rowcount == 0:  # type: ignore[attr-defined]
        db.session.rollback()
        raise StaleToken(name, token)


@campaign.post("/queue/<item>")
@public(OPEN)
def put(item: str) -> ResponseReturnValue:
    """Put an item into the queue whose effect is one row."""
    return jsonify(id=optimization.enqueue(KIND, {"id": item}, key=item))


def take_effect(items: Sequence[QueueItem]) -> None:
    """The queue's handler, which may get an item again."""
    for item in items:
        try:
            db.session.execute(insert(effects).values(id=item.payload["id"]))
            db.session.commit()
        except IntegrityError:
            db.session.rollback()


@campaign.get("/levels")
@public(OPEN)
def levels() -> ResponseReturnValue:
    """Levels that should be zero when nobody uses anything."""
    held = {name: resilience.bulkhead(name).stats().held for name in BULKHEADS}
    return jsonify(
        {f"held {name}": number for name, number in held.items()}
        | {"waiting queue": optimization.queue_stats().length}
    )
