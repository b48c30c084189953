"""A permission system without a database: a test says what users have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from flask import Flask

from app.resources import declare_types
from yoto.errors import UnknownResource
from yoto.permission import PermissionSystem
from yoto.permission.registry.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.registry.scopes import Place
from yoto.permission.state import EXTENSION, PermissionState, SuperAdminUse
from yoto.permission.verdict.resolver import MembershipStatus, Resolution

PERMISSIONS = {
    "channel.read": "channel",
    "message.send": "channel",
    "message.pin": "channel",
    "member.muted": "channel",
    "server.manage": "server",
    "platform.view": "global",
    "vault.open": "server",  # the one that is marked ABAC
}
STORED = [
    RegisteredPermission(index + 1, name, index, scope, name == "vault.open")
    for index, (name, scope) in enumerate(PERMISSIONS.items())
]
MASK = {permission.name: permission.mask for permission in STORED}


@dataclass
class FakeSource:
    """Answers with what was put in; counts the loads of each place."""

    held: dict[tuple[int, Place], Resolution] = field(default_factory=dict)
    loads: list[tuple[int, Place]] = field(default_factory=list)

    def give(
        self,
        user_id: int,
        *names: str,
        place: Place = Place("channel", 3),
        only_as_super_admin: Sequence[str] = (),
        standing: MembershipStatus = MembershipStatus.MEMBER,
    ) -> None:
        ordinary = sum(MASK[name] for name in names)
        mask = ordinary | sum(MASK[name] for name in only_as_super_admin)
        self.held[user_id, place] = Resolution(mask, None, standing, ordinary, ordinary, ordinary)

    def load(self, user_id: int, place: Place) -> Resolution:
        self.loads.append((user_id, place))
        if place.id == 404:
            raise UnknownResource(place.kind, place.id)
        nobody = Resolution(0, None, MembershipStatus.UNKNOWN, 0, 0, 0)
        return self.held.get((user_id, place), nobody)

    def load_many(
        self, user_ids: Sequence[int], place: Place, permission: RegisteredPermission
    ) -> dict[int, Resolution]:
        self.loads.append((0, place))
        return {id_: self.held[id_, place] for id_ in user_ids if (id_, place) in self.held}


@pytest.fixture
def system() -> PermissionSystem:
    return PermissionSystem()


@pytest.fixture
def uses() -> list[SuperAdminUse]:
    """The uses of super-admin power that were reported."""
    return []


@pytest.fixture
def bare_app(system: PermissionSystem, uses: list[SuperAdminUse]) -> Flask:
    """A Flask application with a permission system and nothing else."""
    app = Flask("bare")
    declare_types(app)
    system.init_app(app, on_super_admin_use=uses.append)
    state: PermissionState = app.extensions[EXTENSION]
    state.registry = PermissionRegistry(lambda: list(STORED))
    state.source = FakeSource()
    return app


@pytest.fixture
def context(bare_app: Flask) -> Iterator[None]:
    """The application is the current one."""
    with bare_app.app_context():
        yield


@pytest.fixture
def source(bare_app: Flask) -> FakeSource:
    found = bare_app.extensions[EXTENSION].source
    assert isinstance(found, FakeSource)
    return found
