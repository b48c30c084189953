"""Shared parts of the tests of the default policies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app.extensions import permissions, policy
from tests.support.world import Community, Person, World
from yoto.http.positions import POSITION_HEADER
from yoto.store.models import AuditRecord

API = "/api/v1"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = {"days": list(DAYS), "from": "00:00", "to": "24:00"}

Put = Callable[[str, Any], None]


def never() -> dict[str, Any]:
    """A window that is far from now, in any time zone, however long the test takes."""
    day = DAYS[(datetime.now(UTC) + timedelta(days=3)).weekday()]
    return {"days": [day], "from": "08:00", "to": "09:00"}


@pytest.fixture
def put(app: Flask) -> Put:
    """Brings a data document into force."""

    def put(name: str, value: Any) -> None:
        with app.app_context():
            policy.put_document(name, value, "test")

    return put


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server()


@pytest.fixture
def root(world: World) -> Person:
    return world.user("root", super_admin=True)


def codes(answer: Any) -> list[str]:
    """The codes of a denial by policies."""
    assert answer.status_code == 403, answer.text
    found = answer.get_json()
    assert found["reason"] == found["codes"][0]
    return list(found["codes"])


def acts(world: World, prefix: str) -> list[Any]:
    """The audit records of acts that begin so, oldest first."""
    row = AuditRecord
    return world.rows(
        select(row.action, row.actor_id, row.before, row.after, row.reason)
        .where(row.action.startswith(prefix))
        .order_by(row.id)
    )


def looks(app: Flask, words: str, ask: Callable[[], object]) -> int:
    """How many statements of ``ask`` have ``words`` in them."""
    caching = permissions.caching_of(app)
    assert caching is not None
    seen: list[str] = []

    def collect(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if words in statement:
            seen.append(statement)

    event.listen(caching.pool.engine, "before_cursor_execute", collect)
    try:
        ask()
    finally:
        event.remove(caching.pool.engine, "before_cursor_execute", collect)
    return len(seen)


def manage(client: FlaskClient, harbour: Community, ip: str = "192.0.2.1", **headers: str) -> Any:
    """The owner uses ``server.manage``."""
    return client.patch(
        f"{API}/servers/{harbour.id}",
        headers=harbour.owner.headers | headers,
        json={"description": ""},
        environ_base={"REMOTE_ADDR": ip},
    )


def send(client: FlaskClient, channel_id: int, person: Person) -> Any:
    """A person uses ``message.send``."""
    return client.post(
        f"{API}/channels/{channel_id}/messages", headers=person.headers, json={"content": "Ahoy"}
    )


def administer(client: FlaskClient, person: Person, ip: str = "192.0.2.1", **headers: str) -> Any:
    """A person uses ``admin.users``."""
    return client.get(
        f"{API}/admin/users",
        headers=person.headers | headers,
        environ_base={"REMOTE_ADDR": ip},
    )


def set_server_rules(client: FlaskClient, harbour: Community, **changed: Any) -> str:
    """The owner changes some of the rules of the server; the position of the change."""
    rules: dict[str, Any] = {
        "time_zone": "UTC",
        "access_hours": None,
        "blocked_networks": [],
        "device_required": False,
    }
    answer = client.put(
        f"{API}/servers/{harbour.id}/rules",
        headers=harbour.owner.headers,
        json=rules | changed,
        environ_base={"REMOTE_ADDR": "192.0.2.1"},
    )
    assert answer.status_code == 200, answer.text
    return answer.headers[POSITION_HEADER]


def set_channel_rules(
    client: FlaskClient, channel_id: int, person: Person, sensitivity: int = 0, hours: Any = None
) -> Any:
    """Somebody sets the rules of a channel."""
    return client.put(
        f"{API}/channels/{channel_id}/rules",
        headers=person.headers,
        json={"sensitivity": sensitivity, "hours": hours},
    )
