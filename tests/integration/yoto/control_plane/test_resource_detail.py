"""One resource: what it is in, who holds roles there, and the overwrites in force."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from tests.support import papers
from tests.support.operators import (
    VIEW,
    ControlClient,
    api_token,
    control_client,
    operator_named,
)
from tests.support.world import Community, World
from yoto.extensions import permissions
from yoto.permission import Everyone, Team


@pytest.fixture
def auditor(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW, "admin.audit")


@pytest.fixture
def server(world: World) -> Community:
    return world.server(name="Harbour")


def items(client: ControlClient, path: str) -> list[Any]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json["items"]
    return found


def test_a_channel_says_what_it_is_in_and_whose_overwrites_are_in_force(
    world: World, auditor: ControlClient, server: Community
) -> None:
    category = world.category(server, "Deck")
    channel = world.channel(server, "bridge", category_id=category, synced=True)
    own = world.channel(server, "hold")
    found = auditor.get(f"/resources/channel/{channel}").json
    assert (found["name"], found["place"]) == ("bridge", f"channel:{channel}")
    assert found["chain"] == [{"scope": "server", "id": server.id, "name": "Harbour"}]
    assert (found["home"], found["owner"]) == (f"server:{server.id}", f"user:{server.owner.id}")
    assert (found["members"], found["insight"]) == (False, True)
    assert found["overwrites_of"][-1] == f"category:{category}"
    world.overwrite(category=category, role=server.everyone_id, deny=["message.send"])
    world.overwrite(channel=own, user=server.owner, allow=["message.pin"])
    [laid] = items(auditor, f"/resources/channel/{channel}/overwrites")
    assert (laid["place"], laid["via"]) == (f"category:{category}", f"role:{server.everyone_id}")
    assert (laid["permission"], laid["effect"]) == ("message.send", "deny")
    [laid] = items(auditor, f"/resources/channel/{own}/overwrites")
    assert (laid["place"], laid["via"]) == (f"channel:{own}", f"user:{server.owner.id}")
    assert auditor.get(f"/resources/category/{category}").json["name"] == "Deck"


def test_holders_of_roles_that_count_there_are_told_whoever_they_are(
    app: Flask, world: World, auditor: ControlClient, server: Community
) -> None:
    member = world.member(server)
    role = world.role(server, name="helper")
    world.assign(member, role)
    world.assign(member, world.role(None, name="everywhere"))
    world.assign(world.member(elsewhere := world.server()), world.role(elsewhere, name="other"))
    channel = ("channel", server.channel_id)
    with app.app_context():
        [team] = permissions.create_team("crew").ids
        [guest] = permissions.register_role("guest").ids
        permissions.assign(Team(team), guest, at=channel)
        permissions.assign(Everyone("server", server.id), guest, at=("server", server.id))
    here, below = f"server:{server.id}", f"channel:{server.channel_id}"
    whole = [
        (f"user:{member.id}", "helper", here, None),
        (f"team:{team}", "guest", None, below),
        (f"everyone:{here}", "guest", None, here),
    ]

    def held(path: str) -> list[Any]:
        return [(one["via"], one["role"], one["home"], one["at"]) for one in items(auditor, path)]

    assert held(f"/resources/channel/{server.channel_id}/holders") == whole
    assert held(f"/resources/server/{server.id}/holders") == [whole[0], whole[2]]
    page = auditor.get(f"/resources/server/{server.id}/holders", limit=1).json
    page = auditor.get(f"/resources/server/{server.id}/holders", after=page["next"]).json
    assert [one["role"] for one in page["items"]] == ["guest"]


def test_it_takes_the_right_to_audit_there_and_names_take_none(
    app: Flask, world: World, server: Community
) -> None:
    elsewhere = world.server(name="Elsewhere")
    vera = operator_named(world, "vera", VIEW)
    world.member(server, vera, world.role(server, "server.audit"))
    _, secret = api_token(app, vera)
    client = ControlClient(app.test_client(), {"Authorization": f"Bearer {secret}"})
    for of, status in ((server, 200), (elsewhere, 403)):
        path = f"/resources/channel/{of.channel_id}"
        shown = client.get(path)
        assert (shown.status_code, shown.json["insight"]) == (200, status == 200)
        for part in ("holders", "overwrites"):
            assert client.get(f"{path}/{part}").status_code == status


@pytest.mark.parametrize(
    "path", ["channel/987654", "channel/x", "channel/0", "folder/1", "server/-1", "global/1"]
)
def test_what_is_not_there_is_not_found(auditor: ControlClient, path: str) -> None:
    for part in ("", "/holders", "/overwrites"):
        assert auditor.get(f"/resources/{path}{part}").status_code == 404


def test_resources_of_any_type_are_shown_by_their_own_ids(
    app: Flask, world: World, auditor: ControlClient
) -> None:
    with papers.declared(app) as made:
        reader = world.user("reader")
        home = made.workspace(world.user("owner"), reader)
        plan = made.document(home, "Plan")
        made.assign(reader.id, made.role(papers.READ), ("document", plan))
        with app.app_context():
            permissions.put_resource("file", "plan.txt", parent=("document", plan))
        found = auditor.get("/resources/file/plan.txt").json
        chain = [(one["scope"], one["id"], one["name"]) for one in found["chain"]]
        assert chain == [("workspace", str(home), "Desk"), ("document", str(plan), "Plan")]
        assert (found["name"], found["home"]) == (None, f"workspace:{home}")
        [held] = items(auditor, "/resources/file/plan.txt/holders")
        assert (held["via"], held["at"]) == (f"user:{reader.id}", f"document:{plan}")


def test_an_id_with_slashes_is_one_part_of_an_address(
    app: Flask, world: World, auditor: ControlClient
) -> None:
    with papers.declared(app) as made:
        plan = made.document(made.workspace(world.user("owner")), "Plan")
        with app.app_context():
            permissions.put_resource("file", "a/b%2F{c}", parent=("document", plan))
        path = f"/resources/file/{quote('a/b%2F{c}', safe='')}"
        assert auditor.get(path).json["place"] == "file:=a/b%2F{c}"
        assert items(auditor, f"{path}/holders") == []
        assert auditor.get(f"{path}/overwrites").status_code == 200
