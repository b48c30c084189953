"""Acts that pages do not offer to a member without rights are refused by the server, too."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests.support.world import World

WHY = {"reason": "because"}


def test_each_act_of_the_pages_is_refused_to_a_member_without_the_right(
    client: FlaskClient, world: World
) -> None:
    harbour = world.server(world.user("owner"))
    role = world.role(harbour, "message.pin", name="crew", position=2)
    other = world.member(harbour, world.user("other"), role)
    member = world.member(harbour, world.user("member"))
    server, channel = f"/servers/{harbour.id}", f"/channels/{harbour.channel_id}"
    said = client.post(
        f"/api/v1{channel}/messages", headers=other.headers, json={"content": "mine"}
    ).get_json()["id"]
    category = client.post(
        f"/api/v1{server}/categories", headers=harbour.owner.headers, json={"name": "yard"}
    ).get_json()["id"]
    of_role, at_target = f"/roles/{role}", f"overwrites/role/{role}"
    soon = {"until": "2100-01-01T00:00:00+00:00"}
    acts: list[tuple[str, str, dict[str, Any] | None]] = [
        ("POST", f"{server}/roles", {"name": "mine"}),
        ("PATCH", of_role, {"position": 1}),
        ("PATCH", of_role, {"active": False}),
        ("DELETE", of_role, None),
        ("PUT", f"{of_role}/members/{member.id}", {}),
        ("DELETE", f"{of_role}/members/{other.id}", None),
        ("PUT", f"{of_role}/grants/message.manage", {"effect": "allow"}),
        ("DELETE", f"{of_role}/grants/message.pin", None),
        ("PUT", f"{of_role}/groups/1", {"effect": "allow"}),
        ("PUT", f"{of_role}/templates/resource", {"level": "reader"}),
        ("PUT", f"{channel}/{at_target}", {"allow": ["message.pin"], "deny": []}),
        ("DELETE", f"{channel}/{at_target}", None),
        ("PUT", f"{server}/categories/{category}/{at_target}", {"allow": [], "deny": []}),
        ("POST", f"{server}/channels", {"name": "mine"}),
        ("PATCH", channel, {"name": "mine"}),
        ("PUT", f"{channel}/category", {"category_id": category}),
        ("POST", f"{channel}/sync", {}),
        ("DELETE", channel, None),
        ("POST", f"{server}/categories", {"name": "mine"}),
        ("PATCH", f"{server}/categories/{category}", {"name": "mine"}),
        ("DELETE", f"{server}/categories/{category}", None),
        ("PATCH", f"{channel}/messages/{said}", {"content": "not mine"}),
        ("DELETE", f"{channel}/messages/{said}", None),
        ("PUT", f"{channel}/messages/{said}/pin", None),
        ("PATCH", f"{server}/members/{other.id}", {"nickname": "x"}),
        ("PUT", f"{server}/members/{other.id}/timeout", soon),
        ("DELETE", f"{server}/members/{other.id}/timeout", None),
        ("DELETE", f"{server}/members/{other.id}", None),
        ("PUT", f"{server}/bans/{other.id}", WHY),
        ("DELETE", f"{server}/bans/{other.id}", None),
        ("GET", f"{server}/bans", None),
        ("GET", f"{server}/invites", None),
        ("GET", f"{server}/audit", None),
        ("GET", f"{channel}/overwrites", None),
        ("PUT", f"{server}/rules", {"time_zone": "UTC"}),
        ("PUT", f"{channel}/rules", {"sensitivity": 4}),
        ("POST", "/permissions/what-if", {"act": {"act": "role.delete", "role_id": role}}),
        (
            "POST",
            "/permissions/as-roles",
            {"role_ids": [role], "places": [{"scope": "server", "scope_id": harbour.id}]},
        ),
    ]
    before = world.snapshot()
    for method, path, body in acts:
        answer = client.open(f"/api/v1{path}", method=method, headers=member.headers, json=body)
        assert answer.status_code == 403, (method, path, answer.get_json())
    assert world.snapshot() == before
