"""Everybody who uses the topology while it is being broken, all from one seed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.schema import CreateTable

from proof.campaign.clients import policies
from proof.campaign.clients.base import Client, World, register, sign_in
from proof.campaign.clients.credentials import Leaver
from proof.campaign.clients.guards import (
    GUESTS,
    Adder,
    Guest,
    Limited,
    Locks,
    Putter,
    Switcher,
    execute,
)
from proof.campaign.clients.levels import MachineLoad, measure
from proof.campaign.clients.readers import FOLLOWS_FOR, Reader, fact_of
from proof.campaign.clients.rights import (
    WAYS,
    Asker,
    OfWorker,
    Operator,
    Rights,
    new_community,
)
from proof.campaign.clients.rows import Editor, Founder, Topics, Writer
from proof.campaign.extension import tables
from proof.campaign.history import History
from proof.cluster import POSTGRESQL

if TYPE_CHECKING:
    from proof.cluster import Cluster

# The extension that the nodes must load, and the settings that they need.
EXTENSION = "proof.campaign.extension:register"
SETTINGS = {
    # Only clients that mean to sign in anew do so within a run.
    "ACCESS_TOKEN_SECONDS": "14400",
    **policies.SETTINGS,
}
ASKERS, LIMITED, ADDERS, EDITORS, WRITERS, LEAVERS, READERS = 5, 3, 3, 3, 2, 8, 2
KEPT_LOCKS, KEEPERS = 2, 2  # locks that are held for long, and clients that want each
WORKERS = 2  # of each node
# The stream that readers follow.
EVENTS = "yoto:{events}"
# s that a client's last operation may take.
ENDS_WITHIN = 90.0
# s after the load, in which what it used is given back.
SETTLES = 8.0


class Load:
    """About eighty operations a second, written into ``folder``; for one run.

    The cluster must have ``EXTENSION`` and ``SETTINGS``.
    """

    def __init__(self, cluster: Cluster, folder: Path, seed: int) -> None:
        self.cluster, self.folder = cluster, folder
        self.world = World(cluster.url, cluster.ca, History(folder), seed)
        self.clients: list[Client] = []
        self.readers: list[Reader] = []

    def start(self) -> None:
        """Make what the clients need, and let them begin. Nothing must be broken yet."""
        cluster, world = self.cluster, self.world
        dialect = (postgresql if cluster.kind == POSTGRESQL else mysql).dialect()
        for table in tables.sorted_tables:
            # Rows that an earlier load left are none of this one's.
            execute(cluster, f"DROP TABLE IF EXISTS {table.name}")
            execute(cluster, str(CreateTable(table).compile(dialect=dialect)))
        place, members = new_community(world, "campaign", len(WAYS) + WRITERS)
        leavers = [register(world, f"leaver.{number}") for number in range(LEAVERS)]
        auditor = sign_in(world.http(), "operator", cluster.passwords["operator"])
        rights, topics = Rights(), Topics(place)
        locks, *kept = [Locks(cluster) for _ in range(1 + KEPT_LOCKS)]
        for one in (locks, *kept):
            one.begin()
        self.clients = [
            *(Operator(world, way, place, members[n], rights) for n, way in enumerate(WAYS)),
            *(Asker(world, number, rights) for number in range(ASKERS)),
            *(
                OfWorker(world, node, number, rights, taken)
                for node, taken in [(node, set[int]()) for node in cluster.nodes]
                for number in range(WORKERS)
            ),
            Switcher(world),
            *(Limited(world, number) for number in range(LIMITED)),
            *(
                Guest(world, bulkhead, number)
                for bulkhead, guests in GUESTS.items()
                for number in range(guests)
            ),
            *(Adder(world, number, locks) for number in range(ADDERS)),
            *(
                Adder(world, number, one, which)
                for which, one in enumerate(kept)
                for number in range(KEEPERS)
            ),
            *(Editor(world, number, topics) for number in range(EDITORS)),
            *(Writer(world, n, place, members[len(WAYS) + n]) for n in range(WRITERS)),
            policies.Questioner(world, place),
            Founder(world, place.owner, auditor),
            Putter(world, cluster),
            Leaver(world, leavers),
        ]
        token = self._operators_token()
        self.readers = [Reader(world, number, token) for number in range(READERS)]
        MachineLoad(world).start()
        for client in self.clients:
            client.start()
        for reader in self.readers:
            reader.start()
        time.sleep(SETTLES)
        self._note_levels("before")

    def stop(self, looks: bool = True) -> None:
        """End all clients, look what is there, and close the history. Nothing may be broken any
        more.

        Args:
            looks: False: what has been heard by now is enough.

        Raises: an error of a client, which no fault of the topology should lead to.
        """
        self.world.over.set()
        for client in self.clients:
            client.join(ENDS_WITHIN)
        if looks:
            self._look()
        for reader in self.readers:
            reader.stop()
        self.world.history.close()
        errors = [one.error for one in self.clients if one.error]
        errors += [one.error for one in self.readers if one.error]
        if errors:
            raise errors[0]

    def _look(self) -> None:
        """Record the final state, after all clients have stopped."""
        newest = self._newest_event()
        for reader in self.readers:
            reader.until(newest)
        time.sleep(FOLLOWS_FOR)
        for client in self.clients:
            client.finish()
            client.http.close()
        self._list_events()
        time.sleep(SETTLES)
        self._note_levels("after")

    def _operators_token(self) -> str:
        arguments = ("make", "admin", "reader", "--reason", "to follow the campaign")
        return str(self.cluster.flask("control", "tokens", *arguments).split()[-1])

    def _newest_event(self) -> str | None:
        with self.cluster.redis.client() as client:
            entries = client.xrevrange(EVENTS, count=1)
        return str(entries[0][0], "ascii") if entries else None

    def _list_events(self) -> None:
        with self.world.history.operation("load", "events", "stream", "list") as pending:
            with self.cluster.redis.client() as client:
                entries = client.xrange(EVENTS)
            pending.ok([str(entry[0], "ascii") for entry in entries])
            pending.argument = {
                str(entry[0], "ascii"): fact
                for entry in entries
                if (fact := fact_of(entry[1][b"type"].decode(), json.loads(entry[1][b"data"])))
            }

    def _note_levels(self, call: str) -> None:
        http = self.world.http()
        with self.world.history.operation("load", "levels", "topology", call) as pending:
            pending.ok(measure(self.cluster, http))
        http.close()
