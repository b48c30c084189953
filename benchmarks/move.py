"""The cost of moving a node with many below it, and for how long others answer as before.

``python -m benchmarks move [--below N] [--json FILE]`` starts its own server and a SQLite database,
stores a tree of eight levels, and has three worker processes keep answers about nodes below one of
the second level. One of them moves that node to a place where the person who asks does not belong;
the others go on asking. It prints the writes, and how long after the commit a worker still had an
answer from before.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import insert

from app import close_app, create_app
from app.extensions import permissions, redis_store
from benchmarks.check.depth import DEEP, NODES, PERMISSION, Base, Member, declare
from benchmarks.staleness.worker import Worker as Asking
from tests.support.nursery import Nursery
from tests.support.redis_servers import start_valkey
from tests.support.statements import count_own_statements
from tests.support.world import World
from yoto.store.db import db, writing

BELOW = 100_000
WORKER, WORKERS = "benchmarks.move", 3
ASKED, AT_ONCE = 400, 20  # nodes that each worker keeps answers about, and asks about in a row
PLACE = f"level{DEEP}"
# MAX_STALENESS and the relay's interval; the rest is for a busy machine to run those who watch.
BOUND, SLACK = 2.0 + 1.0, 0.5  # s


class Moved(NamedTuple):
    """The figures of a move.

    Attributes:
        below: nodes below the one that moved.
        written: the statements that wrote, the platform's own among them.
        entries: entries of the invalidation log.
        delays: seconds from the commit to the last answer from before, of each worker.
        gained: nodes that a member of the new place then had.
    """

    below: int
    written: list[str]
    entries: int
    delays: list[float]
    gained: int


class Worker(Asking):
    """The commands of one process."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        declare(self.app)

    def count(self, user_id: int, node_ids: list[int]) -> int:
        """The number of nodes that a person may read, from memory the second time."""
        with self.app.app_context():
            for _ in range(2):
                may = [self._may(user_id, node_id) for node_id in node_ids]
            return sum(may)

    def watch_nodes(self, user_id: int, node_ids: list[int]) -> bool:
        """Ask about all of them in turn from now on, whether they are still there."""
        parts = cycle([node_ids[at : at + AT_ONCE] for at in range(0, len(node_ids), AT_ONCE)])
        return self._watching(lambda: (any(self._may(user_id, one) for one in next(parts)), False))

    def move(self) -> list[Any]:
        """Move the node; the time of the commit, the writing statements, and entries of the log."""
        with self.app.app_context():
            before = self._entries()
            with count_own_statements(every=True) as statements:
                db.session.get_one(NODES["level2"], 1).above_id = 2
                db.session.commit()
            db.session.remove()
            written = [one for one in statements if one.startswith(("INSERT", "UPDATE", "DELETE"))]
            return [self._committed_at, written, self._entries() - before]

    def _entries(self) -> int:
        redis = redis_store.of(self.app)
        return int(redis.client.get(redis.keys.invalidation_log("n")) or 0)

    def _may(self, user_id: int, node_id: int) -> bool:
        return permissions.check_permission(user_id, PERMISSION, PLACE, node_id)


def fill(app: Flask, below: int) -> tuple[int, int]:
    """A tree with so many nodes below ``level2:1``; ids of a reader there, and of one elsewhere.

    Both hold the same role, each at the node that they belong to.
    """
    world = World(app)
    people = world.user().id, world.user().id
    with app.app_context():
        declare(app)
        Base.metadata.create_all(db.engine)
        permissions.register_permission(PERMISSION, scope="level1")
        sizes = [min(10**number, below // 10) for number in range(1, DEEP - 2)]
        sizes.append(below - sum(sizes))
        with writing():
            db.session.execute(insert(NODES["level1"]), [{"id": 1}, {"id": 2}])
            db.session.execute(insert(NODES["level2"]), [{"id": 1, "above_id": 1}])
            above = 1
            for level, size in enumerate(sizes, start=3):
                rows = [{"id": n + 1, "above_id": 1 + n % above} for n in range(size)]
                db.session.execute(insert(NODES[f"level{level}"]), rows)
                above = size
            for node_id, user_id in enumerate(people, start=1):
                db.session.add(Member(node_id=node_id, user_id=user_id))
            db.session.commit()
        [role] = permissions.register_role("reader").ids
        permissions.assign_permissions_to_role(role, [PERMISSION])
        for node_id, user_id in enumerate(people, start=1):
            permissions.assign(user_id, role, ("level1", node_id))
        db.session.remove()
    return people


def measure(nursery: Nursery, redis: dict[str, Any], below: int) -> Moved:
    """Store, move and watch; ``redis`` is the configuration that reaches Redis."""
    with tempfile.TemporaryDirectory(prefix="yoto-move-") as folder:
        config = {"ENVIRONMENT": "testing", "DATABASE_URL": f"sqlite:///{folder}/move.db", **redis}
        app = create_app(config, instance_path=f"{folder}/setup")
        with app.app_context():
            upgrade()
            permissions.sync_catalogue()
            db.session.remove()
        before, after = fill(app, below)
        close_app(app)
        workers = []
        try:
            for number in range(WORKERS):
                given = {"config": config, "instance": f"{folder}/w{number}"}
                workers.append(nursery.worker(WORKER, given))
                assert workers[-1].do("start"), "a worker does not hear the log"
            asked = list(range(1, ASKED + 1))
            for worker in workers:
                assert worker.do("count", before, asked) == ASKED
                assert worker.do("count", after, asked) == 0
                worker.do("watch_nodes", before, asked)
            committed_at, written, entries = workers[0].do("move")
            watched = [worker.do("watched", committed_at + BOUND + SLACK) for worker in workers]
            assert not any(one["failures"] for one in watched), "a question was an error"
            delays = [max(0.0, one["last_allowed"] - committed_at) for one in watched]
            gained = min(worker.do("count", after, asked) for worker in workers)
            assert all(worker.do("count", before, asked) == 0 for worker in workers)
            return Moved(below, written, entries, delays, gained)
        finally:
            for worker in workers:
                worker.close()


def main() -> None:
    """Measure, print, and fail where it takes more than one write or longer than is promised."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks move")
    parser.add_argument("--below", type=int, default=BELOW)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with start_valkey() as server, Nursery() as nursery:
        found = measure(nursery, {"REDIS_URL": server.url}, options.below)
    print(f"{found.below:,} nodes below the one that moved, {WORKERS} processes that ask")
    for statement in found.written:
        print(f"written: {' '.join(statement.split())[:80]}")
    print(f"entries of the invalidation log: {found.entries}")
    print(f"last answer from before, ms after the commit: {max(found.delays) * 1000:.1f}")
    if options.json is not None:
        options.json.write_text(json.dumps(found._asdict(), indent=2) + "\n")
    if found.entries != 1 or max(found.delays) > BOUND + SLACK:
        sys.exit("more than was promised")


if __name__ == "__main__":
    main()
