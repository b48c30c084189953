"""People who use the limits, bulkheads, locks and the queue of the campaign's extension."""

from __future__ import annotations

import secrets
import time
import uuid
from typing import TYPE_CHECKING

from proof.campaign.clients.base import Client, World, insist
from proof.campaign.extension import (
    BREAKER,
    BULKHEADS,
    CLOSED,
    LIMITS,
    effects,
    rows,
    writes,
)
from proof.cluster import DATABASE_ERRORS

if TYPE_CHECKING:
    from proof.cluster import Cluster

ROUND = 200  # operations of a lock, before the next one has its turn
CALLERS = 2  # of each limit
# Hits at once of a limit whose units are lent: more than all that there are.
AT_ONCE = 120
# By bulkhead: more than it has slots.
GUESTS = {"campaign.slots": 5, "campaign.spares": 20}
FEW = 2  # of them who come at any time, where spare slots are kept
# s for which some hold a slot, and keepers a lock: far longer than its lease. So when a node loses
# Redis, somebody there is likely to stay for longer than the rest of it, while others wait.
# LONG_STAYS is the share of guests who do.
LONG, LONG_STAYS = (4.0, 6.0), {"campaign.slots": 0.25, "campaign.spares": 0.05}
WAVES, CROWDED = 12.0, 3.0  # s from one wave to the next, and that one lasts


class Limited(Client):
    """Uses a limit more than it allows."""

    pause = 0.25

    def __init__(self, world: World, number: int) -> None:
        super().__init__(world, f"limited.{number}")

    def turn(self) -> None:
        name = self.rng.choice(list(LIMITS))
        fields = LIMITS[name]
        caller = f"c{self.rng.randrange(CALLERS)}"
        asked = {
            "algorithm": fields["algorithm"],
            "limit": fields["limit"],
            "window": fields["window"],
            "burst": fields.get("burst", 0),
            "on_store_error": (CLOSED | fields)["on_store_error"],
        }
        # In bursts, which is when a limit has something to do.
        lent = "mode" in fields
        path = f"/campaign/limits/{name}/{caller}?times={AT_ONCE if lent else 1}"
        for _ in range(1 if lent else self.rng.randint(1, 5)):
            with self.history.operation(
                self.name, "quota", f"{name}:{caller}", "hit", asked
            ) as pending:
                answer = self.http.ask("GET", path)
                answer.settle(pending, answer.body)


class Guest(Client):
    """Is inside a bulkhead for a while, if it is let in.

    Where workers keep spare slots for the next ones, guests come in waves: a few at a time, so that
    slots are kept for them, and then all at once, so that they find it full.
    """

    pause = 0.25

    def __init__(self, world: World, bulkhead: str, number: int) -> None:
        super().__init__(world, f"guest.{bulkhead.partition('.')[2]}.{number}")
        self.bulkhead, self.number = bulkhead, number

    def turn(self) -> None:
        name = self.bulkhead
        fields = BULKHEADS[name]
        crowded = "mode" not in fields or time.monotonic() % WAVES < CROWDED
        if not crowded and self.number >= FEW:
            return
        span = (0.4, 1.0) if crowded else (0.05, 0.3)
        if crowded and self.rng.random() < LONG_STAYS[name]:
            span = LONG
        hold = round(self.rng.uniform(*span), 2)
        asked = {"cap": fields["max_concurrent"], "lease": fields["lease"], "hold": hold}
        with self.history.operation(self.name, "slots", name, "enter", asked) as pending:
            answer = self.http.ask("GET", f"/campaign/bulkheads/{name}?hold={hold}")
            if answer.settle(pending, answer.body) and "refused" in answer.body:
                # It may have been let in by a Redis whose answer was lost.
                pending.unknown(answer.body["refused"])


class Locks:
    """The lock that is used now."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.name = ""
        # Two runs on one database have no row in common.
        self.prefix = f"lock{secrets.token_hex(3)}."
        self.names: list[str] = []
        self.left = 0

    def begin(self) -> None:
        """The next one, with its row."""
        name = f"{self.prefix}{len(self.names)}"
        statement = f"INSERT INTO {rows.name} (name, fence, count) VALUES (%s, 0, 0)"
        execute(self.cluster, statement, (name,))
        self.names.append(name)
        self.name, self.left = name, ROUND


class Adder(Client):
    """Adds one to a row under its lock, which keepers hold for long."""

    pause = 0.6

    def __init__(self, world: World, number: int, locks: Locks, kept: int | None = None) -> None:
        """``kept``: the number of the lock that it holds for long, if it does."""
        super().__init__(world, f"adder.{number}" if kept is None else f"keeper.{kept}.{number}")
        self.locks, self.leads, self.keeps = locks, number == 0, kept is not None

    def turn(self) -> None:
        if self.leads and self.locks.left <= 0:
            try:
                self.locks.begin()
            except DATABASE_ERRORS:  # the database is away; there is a lock still
                return
        self.locks.left -= 1
        span = LONG if self.keeps else (0.0, 0.2)
        name, hold = self.locks.name, round(self.rng.uniform(*span), 3)
        with self.history.operation(self.name, "lock", name, "add") as pending:
            answer = self.http.ask("POST", f"/campaign/locks/{name}?hold={hold}", {})
            if answer.settle(pending, answer.body) and "refused" in answer.body:
                pending.failed(answer.body["refused"])
                pending.value = answer.body if "token" in answer.body else None

    def finish(self) -> None:
        if not self.leads:
            return
        for name in self.locks.names:
            with self.history.operation(self.name, "lock", name, "log") as pending:
                statement = f"SELECT token FROM {writes.name} WHERE name = %s ORDER BY id"
                pending.ok([row[0] for row in execute(self.locks.cluster, statement, (name,))])


class Switcher(Client):
    """Isolates a breaker and closes it again; each turn must be an event."""

    pause = 1.0

    def __init__(self, world: World) -> None:
        super().__init__(world, "switcher")
        self.closed = True

    def turn(self) -> None:
        state = "isolated" if self.closed else "closed"
        with self.history.operation(self.name, "events", "happened", "turned") as pending:
            answer = self.http.ask("POST", f"/campaign/breakers/{state}", {})
            if answer.settle(pending) and answer.body["turned"]:
                pending.value = {"name": BREAKER, "period": answer.body["period"]}
        self.closed = not self.closed


class Putter(Client):
    """Puts items into the queue; asks again under the same key when no answer came."""

    pause = 0.8

    def __init__(self, world: World, cluster: Cluster) -> None:
        super().__init__(world, "putter")
        self.cluster = cluster

    def turn(self) -> None:
        what = uuid.UUID(int=self.rng.getrandbits(128)).hex
        for _ in range(2):
            with self.history.operation(self.name, "queue", "items", "act", what) as pending:
                self.http.ask("POST", f"/campaign/queue/{what}", {}).settle(pending)
            if pending.outcome != "unknown" or self.world.over.wait(1.0):
                return

    def finish(self) -> None:
        # The last items are tried again after leases and delays.
        for _ in range(120):
            levels = insist(self.http, "GET", "/campaign/levels")
            if not levels["waiting queue"]:
                break
            time.sleep(1.0)
        with self.history.operation(self.name, "queue", "items", "list") as pending:
            statement = f"SELECT id FROM {effects.name}"
            pending.ok([row[0] for row in execute(self.cluster, statement)])


def execute(
    cluster: Cluster, statement: str, values: tuple[object, ...] = ()
) -> list[tuple[object, ...]]:
    """The rows of a statement, past the application."""
    with cluster.connect_to_database(administers=False) as connection:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []
