"""One role: its place among others, what it grants, who holds it, and overwrites that name it."""

from __future__ import annotations

from typing import Any

from flask import Flask

from tests.support.operators import VIEW, ControlClient, control_client
from tests.support.world import World
from yoto.extensions import permissions


def items(client: ControlClient, path: str, **query: Any) -> list[Any]:
    answer = client.get(path, **query)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json["items"]
    return found


def test_a_role_says_what_it_grants_who_holds_it_and_where_it_is_overwritten(
    app: Flask, world: World
) -> None:
    auditor, server = control_client(app, world, VIEW, "admin.audit"), world.server(name="Harbour")
    member = world.member(server)
    below = world.role(server, "message.pin", name="helper", position=1)
    role = world.role(server, "member.kick", name="crew", position=2, parent_id=below)
    world.role(server, name="captain", position=3)
    with app.app_context():
        [group] = permissions.register_group("gardening").ids
        permissions.assign_permission_to_group(group, ["channel.manage"])
        permissions.assign_group_to_role(group, role)
    world.assign(member, role)
    world.overwrite(channel=server.channel_id, role=role, deny=["message.send"])
    found = auditor.get(f"/roles/{role}").json
    assert (found["name"], found["home"]) == ("crew", f"server:{server.id}")
    standing = found["standing"]
    assert (standing["position"], standing["above"], standing["holders"]) == (2, 1, 1)
    assert standing["inherits"] == [{"id": below, "name": "helper"}]
    told = [
        (one["permission"], one["effect"], one["group"], one["role"])
        for one in items(auditor, f"/roles/{role}/grants")
    ]
    inherited = ("message.pin", "allow", None, "helper")
    assert told[-1] == inherited and set(told[:-1]) == {
        ("member.kick", "allow", None, "crew"),
        ("channel.manage", "allow", "gardening", "crew"),
    }
    [last] = items(auditor, f"/roles/{role}/grants", after=2, limit=1)
    assert last["role_id"] == below
    assert auditor.get(f"/roles/{role}/grants", after=-1).status_code == 422
    assert items(auditor, f"/roles/{role}/grants", after=2**63 - 1) == []
    [held] = items(auditor, f"/roles/{role}/holders")
    assert (held["via"], held["at"], held["in_force"]) == (f"user:{member.id}", None, True)
    [laid] = items(auditor, f"/roles/{role}/overwrites")
    assert (laid["place"], laid["permission"]) == (f"channel:{server.channel_id}", "message.send")
    # Names are for all who see the platform; the rest for those who audit there.
    viewer = control_client(app, world, VIEW, username="vera")
    assert viewer.get(f"/roles/{role}").json["standing"] is None
    for part in ("grants", "holders", "overwrites"):
        assert viewer.get(f"/roles/{role}/{part}").status_code == 403
        assert auditor.get(f"/roles/987654/{part}").status_code == 404


def test_of_a_global_role_the_grants_elsewhere_are_shown_to_nobody_of_a_server(
    app: Flask, world: World
) -> None:
    here, elsewhere = world.server(name="Harbour"), world.server(name="Attic")
    everywhere = world.role(None, "message.pin", name="staff")
    role = world.role(here, "member.kick", name="crew", parent_id=everywhere)
    with app.app_context():
        permissions.assign_permissions_to_role(
            everywhere, ["message.manage"], "server", elsewhere.id
        )
    auditor = control_client(app, world, VIEW, "admin.audit")
    told = {one["permission"] for one in items(auditor, f"/roles/{role}/grants")}
    assert told == {"member.kick", "message.pin"}
    alone = {one["permission"] for one in items(auditor, f"/roles/{everywhere}/grants")}
    assert alone == {"message.pin", "message.manage"}
