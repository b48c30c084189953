"""A platform of several workers, and one round of the probe."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from flask_migrate import upgrade

from app import create_app
from app.auth.passwords import passwords
from app.extensions import optimization, permissions, policy, redis_store
from benchmarks.staleness.credentials import PASSWORD
from benchmarks.staleness.worker import GIVEN, TAKEN
from tests.support.closing import Closing
from tests.support.nursery import Nursery
from tests.support.workers import WorkerProcess
from tests.support.world import World
from yoto.store.db import db

WORKER = "benchmarks.staleness.worker"
Trouble = Callable[[], object]


class Round(NamedTuple):
    """The result of one round.

    Attributes:
        delays: seconds from the commit to the last wrong answer of each worker; 0: none.
        wrong_with_position: workers whose answers included the change and were wrong all the same.
        enemies: workers that admitted the person whom both changes together keep out.
        failures: questions that were answered with an error.
        relayed: events that another worker than their writer published.
    """

    delays: list[float]
    wrong_with_position: int
    enemies: int
    failures: int
    relayed: int


class Platform(Closing):
    """A database with a server and people in it, and ``workers`` worker processes.

    Args:
        nursery: forks the workers.
        redis: the configuration that reaches Redis.
        people: how many rounds there can be about rights; each takes a person of its own.
        accounts: the number of rounds about credentials.
    """

    def __init__(
        self,
        nursery: Nursery,
        redis: dict[str, Any],
        workers: int = 4,
        people: int = 100,
        accounts: int = 0,
    ) -> None:
        self._nursery = nursery
        self._stack = ExitStack()
        folder = Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="yoto-staleness-"))
        )
        self._folder = folder
        self._config = {
            "ENVIRONMENT": "testing",
            "DATABASE_URL": f"sqlite:///{folder}/probe.db",
            "OUTBOX_RELAY": True,
            **redis,
        }
        self._fill(people, accounts)
        self.workers: list[WorkerProcess] = []
        for _ in range(workers):
            self.add_worker()

    def add_worker(self) -> WorkerProcess:
        """Start one more worker, and wait until it hears the log."""
        given = {"config": self._config, "instance": str(self._folder / f"w{len(self.workers)}")}
        worker = self._nursery.worker(WORKER, given)
        self._stack.callback(worker.close)
        self.workers.append(worker)
        assert worker.do("start"), "a worker does not hear the log"
        return worker

    def _fill(self, people: int, accounts: int) -> None:
        app = create_app(self._config | {"OUTBOX_RELAY": False}, str(self._folder / "setup"))
        with app.app_context():
            upgrade()
            permissions.sync_catalogue()
            policy.sync_defaults()
            db.session.remove()
        world = World(app)
        community = world.server()
        self.channel_id = community.channel_id
        roles = [world.role(community) for _ in range(people)]
        self._people = [(world.member(community, None, role).id, role) for role in roles]
        with app.app_context():
            stored = passwords().hash(PASSWORD)
        self._accounts = [world.user(password_hash=stored).id for _ in range(accounts)]
        self._super_token = world.user(super_admin=True).token
        permissions.close(app)
        optimization.of(app).locks.close()
        redis_store.of(app).close()
        with app.app_context():
            db.engine.dispose()

    def round(
        self, limit: float, before: Trouble | None = None, after: Trouble | None = None
    ) -> Round:
        """Take a right, give the other, and ask everybody.

        Args:
            limit: seconds after the commit to watch for wrong answers.
            before: done when all are warm; ``after``: done when both changes are committed.
        """
        user_id, role_id = self._warm(before)
        writer = self.workers[0]
        committed_at = writer.do("take", user_id, self.channel_id)
        position = writer.do("give", role_id)
        wrong = 0
        for worker in self.workers:
            worker.ask("asked", user_id, self.channel_id, position)
        for worker in self.workers:
            wrong += any(worker.answer())
        if after is not None:
            after()
        return self._seen(committed_at, limit, wrong)

    def round_with_a_death(self, limit: float) -> Round:
        """Let the writer die between the commit and its publication; the others are watched."""
        doomed = self.add_worker()
        user_id, _ = self._warm(None)
        committed_at = doomed.do("take_and_die", user_id, self.channel_id)
        self.workers.remove(doomed)
        return self._seen(committed_at, limit, 0)

    def credential_round(
        self,
        kind: str,
        limit: float,
        before: Trouble | None = None,
        after: Trouble | None = None,
    ) -> Round:
        """End a credential, and ask everybody; ``kind`` is one of ``credentials.KINDS``."""
        user_id, tokens = self._warm_token(before)
        end = kind, user_id, tokens, self._super_token
        committed_at, position = self.workers[0].do("end", *end)
        wrong = 0
        for worker in self.workers:
            worker.ask("accepted", tokens[0], position)
        for worker in self.workers:
            wrong += worker.answer()
        if after is not None:
            after()
        return self._seen(committed_at, limit, wrong)

    def credential_round_with_a_death(self, kind: str, limit: float) -> Round:
        """As ``round_with_a_death``, for a credential."""
        doomed = self.add_worker()
        user_id, tokens = self._warm_token(None)
        committed_at = doomed.do("end_and_die", kind, user_id, tokens, self._super_token)
        self.workers.remove(doomed)
        return self._seen(committed_at, limit, 0)

    def _warm_token(self, before: Trouble | None) -> tuple[int, list[str]]:
        user_id = self._accounts.pop()
        tokens = self.workers[0].do("sign_in", user_id)
        for worker in self.workers:
            assert worker.do("warm_token", tokens[0]), "a good token is refused"
            worker.do("watch_token", tokens[0])
        self._note_relayed()
        if before is not None:
            before()
        return user_id, tokens

    def _warm(self, before: Trouble | None) -> tuple[int, int]:
        user_id, role_id = self._people.pop()
        for worker in self.workers:
            assert worker.do("warm", user_id, self.channel_id) == [True, False], (TAKEN, GIVEN)
            worker.do("watch", user_id, self.channel_id)
        self._note_relayed()
        if before is not None:
            before()
        return user_id, role_id

    def _seen(self, committed_at: float, limit: float, wrong: int) -> Round:
        watched = [worker.do("watched", committed_at + limit) for worker in self.workers]
        return Round(
            [max(0.0, one["last_allowed"] - committed_at) for one in watched],
            wrong,
            sum(one["enemy"] for one in watched),
            sum(one["failures"] for one in watched),
            sum(worker.do("relayed") - self._relayed[worker] for worker in self.workers),
        )

    def _note_relayed(self) -> None:
        self._relayed = {worker: worker.do("relayed") for worker in self.workers}

    def close(self) -> None:
        """End the workers."""
        self._stack.close()
