"""An act that is done is answered so, whatever Redis says and whatever fails afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.models import Message
from tests.support.operators import ControlClient, control_client
from tests.support.redis_servers import Server, start_valkey
from tests.support.world import Community, World
from yoto.store.db import db
from yoto.store.models import AuditRecord, Role

WRITES = {
    "OOM": ("maxmemory", "1", "0"),
    "NOREPLICAS": ("min-replicas-to-write", "1", "0"),
}
EVERYBODY = ("reset", "on", "nopass", "~*", "&*", "+@all")


@pytest.fixture(scope="module")
def own_redis() -> Iterator[Server]:
    """A server that refuses at times."""
    with start_valkey() as server:
        yield server


@pytest.fixture
def app_config(app_config: dict[str, Any], own_redis: Server) -> dict[str, Any]:
    return app_config | {"REDIS_URL": own_redis.url}


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def operator(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, "platform.view", "platform.operate", "platform.admin")


@pytest.fixture(params=[*WRITES, "NOPERM"])
def refusal(request: pytest.FixtureRequest, own_redis: Server) -> Iterator[Callable[[], str]]:
    """Makes Redis refuse what writes; tells by which code."""
    code: str = request.param
    with own_redis.client() as outside:

        def begin() -> str:
            if code == "NOPERM":
                rules = (*EVERYBODY, "-@write")
                outside.execute_command("ACL", "SETUSER", "default", *rules)
            else:
                outside.config_set(*WRITES[code][:2])
            return code

        yield begin
        for name, _, calm in WRITES.values():
            outside.config_set(name, calm)
        outside.execute_command("ACL", "SETUSER", "default", *EVERYBODY)


def count_of(app: Flask, model: Any) -> int:
    with app.app_context():
        found = db.session.scalar(select(func.count()).select_from(model))
        db.session.remove()
        return int(found or 0)


def test_no_refusal_of_redis_changes_an_answer(
    app: Flask,
    client: FlaskClient,
    world: World,
    community: Community,
    operator: ControlClient,
    refusal: Callable[[], str],
) -> None:
    owner, member = community.owner, world.member(community)
    text = f"/api/v1/channels/{community.channel_id}/messages"
    roles = f"/api/v1/servers/{community.id}/roles"
    login = {"username": owner.username, "password": "wrong"}
    limit = "/config/rate_limit/message.send"

    def acts(role: str) -> list[int]:
        version = operator.get(limit).headers.get("ETag", '"0"')
        change = operator.put(
            limit, version, values={"dimensions": {"user": {"limit": 99, "window": 10}}}
        )
        return [
            client.post(roles, json={"name": role}, headers=owner.headers).status_code,
            client.post(text, json={"content": "Ahoy"}, headers=member.headers).status_code,
            client.post(roles, json={"name": "no"}, headers=member.headers).status_code,
            client.post("/api/v1/auth/login", json=login).status_code,
            change.status_code,
        ]

    calm = acts("pilots")
    before = {one: count_of(app, one) for one in (Role, Message, AuditRecord)}
    code = refusal()
    ready = client.get("/readyz?verbose")
    assert ready.status_code == 200 and ready.get_json()["status"] == "degraded"
    assert ready.get_json()["degraded"] == {"redis": f"refuses writes: {code}"}
    assert client.get("/readyz?strict").status_code == 503
    parts = operator.get("/status").get_json()["components"]
    assert {part["detail"] for part in parts if part["name"] == "redis"} == {
        f"refuses writes: {code}"
    }
    assert acts("pirates") == calm
    assert count_of(app, Role) == before[Role] + 1
    assert count_of(app, Message) == before[Message] + 1
    assert count_of(app, AuditRecord) > before[AuditRecord]
