"""A small server to change, and what the outbox says about a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.world import Community, Person, World
from yoto.store.db import db, writing
from yoto.store.models import OutboxEvent


@dataclass
class Scene:
    """A server with a role, a member who holds it, and a channel in a category."""

    world: World
    community: Community
    member: Person
    role: int
    global_role: int
    category: int
    channel: int

    @contextmanager
    def touching(self, *subjects: str) -> Iterator[None]:
        """The commits inside must write exactly these subjects to the outbox."""
        before = self.newest()
        with self.world.app.app_context(), writing():
            yield
            db.session.commit()
        found = self.world.rows(
            select(OutboxEvent.subject, OutboxEvent.position).where(OutboxEvent.id > before)
        )
        assert sorted(subject for subject, _ in found) == sorted(subjects)
        assert all(position for _, position in found), "an event was not published"

    def newest(self) -> int:
        """Id of the newest event."""
        ids = self.world.rows(select(OutboxEvent.id))
        return max((id_ for (id_,) in ids), default=0)

    def get(self, model: Any, row_id: int) -> Any:
        return db.session.get_one(model, row_id)


@pytest.fixture
def scene(app: Flask, world: World) -> Scene:
    community = world.server()
    role = world.role(community, "message.pin")
    category = world.category(community)
    return Scene(
        world,
        community,
        world.member(community, None, role),
        role,
        world.role(None, "platform.view"),
        category,
        world.channel(community, category_id=category, synced=True),
    )


Act = Callable[[Scene], None]
