"""Documents of a project, whose people belong to it: types of an application's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app.extensions import permissions
from app.models import User
from tests.integration.yoto.permission.trees.tables import MEMBERS, NODES, Base
from tests.support.world import World
from yoto.permission.outbox.rules import watch_declared
from yoto.store.columns import utcnow
from yoto.store.db import db, writing
from yoto.store.declarations import declarations_of
from yoto.store.resources import declare_resource, types_of

READ = "paper.read"
PROJECT, PAPER = ("project", 1), ("paper", 1)


@dataclass
class Papers:
    """A project with a paper, one who belongs to it and one who does not; and since when it is
    asked what became of those who can read the paper.
    """

    member: int
    outsider: int
    since: datetime

    def now(self) -> datetime:
        """From here on is compared."""
        self.since = utcnow()
        return self.since

    def turns(self) -> tuple[list[Any], list[Any]]:
        """The gainers and the losers of READ since then, as numbers with the action that did it."""
        found = permissions.review.difference(READ, *PAPER, since=self.since, numbers=True)
        assert not any("does not hold" in note for note in found.unknown), found.unknown
        return (
            [(turn.user_id, turn.action) for turn in found.gained],
            [(turn.user_id, turn.action) for turn in found.lost],
        )

    def gives(self, user_id: int, do: Callable[[], Any]) -> None:
        """Doing it lets somebody read, and the log takes it back."""
        self.now()
        do()
        gained, lost = self.turns()
        assert ([one for one, _ in gained], lost) == ([user_id], [])

    def takes(self, user_id: int, do: Callable[[], Any]) -> None:
        """Doing it lets somebody read no more, and the log takes it back."""
        self.now()
        do()
        gained, lost = self.turns()
        assert (gained, [one for one, _ in lost]) == ([], [user_id])


@pytest.fixture
def papers(app: Flask, world: World) -> Iterator[Papers]:
    permissions.init_app(app)
    members = (MEMBERS["level1"], "node_id", "user_id")
    declare_resource(app, "project", NODES["level1"], members=members, banned="banned")
    declare_resource(app, "paper", NODES["level2"], parent={"project": "in_level1"})
    watch_declared(declarations_of(app).tables, types_of(app))
    member, outsider = world.user(), world.user()
    with app.app_context():
        Base.metadata.create_all(db.engine)
        permissions.register_permission(READ, scope="paper")
        with writing():
            rows = [
                NODES["level1"](id=PROJECT[1]),
                NODES["level2"](id=PAPER[1], in_level1=PROJECT[1]),
                MEMBERS["level1"](node_id=PROJECT[1], user_id=member.id, banned=False),
            ]
            db.session.add_all(rows)
            db.session.commit()
        yield Papers(member.id, outsider.id, utcnow() - timedelta(microseconds=1))
        # These rows were committed, and no template of a database knows the tables.
        db.session.remove()
        Base.metadata.drop_all(db.engine)


@pytest.fixture
def reader(papers: Papers) -> int:
    """A global role that allows reading."""
    [role] = permissions.register_role("reader").ids
    permissions.assign_permissions_to_role(role, [READ])
    return role


@pytest.fixture
def delete_account(app: Flask) -> Callable[[int], None]:
    """Delete somebody's row through the application's session."""

    def delete(user_id: int) -> None:
        with writing():
            db.session.delete(db.session.get_one(User, user_id))
            db.session.commit()

    return delete
