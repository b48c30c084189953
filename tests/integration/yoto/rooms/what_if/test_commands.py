"""``flask permission what-if`` and ``compare``."""

from __future__ import annotations

import json

import pytest
from click.testing import Result
from flask import Flask

from tests.support.world import Community, World
from yoto.rooms.what_if import commands

PIN = "message.pin"


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server(world.user("owner"))


def run(app: Flask, *args: str) -> Result:
    return app.test_cli_runner().invoke(args=["permission", *args])


def test_an_act_is_told_as_lines_and_as_json(
    app: Flask, world: World, harbour: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "PAGE", 2)
    crew = world.role(harbour, name="crew")
    people = sorted(world.members(harbour, 3, crew))
    act = ("what-if", "role.grant", f"role_id={crew}", f"permissions={PIN},message.manage")
    shown = run(app, *act)
    assert shown.exit_code == 0, shown.output
    assert f"role crew ({crew}): {PIN} in server:{harbour.id}: not set -> allow" in shown.output
    assert f"{PIN} in server:{harbour.id}, channel:{harbour.channel_id}" in shown.output
    assert shown.output.splitlines()[-1] == "3 would gain, 0 would lose something."
    found = json.loads(run(app, *act, "--json").output)
    assert [item["user_id"] for item in found["items"]] == people
    assert found["complete"] and found["next_after"] is None
    wrong = run(app, "what-if", "role.grant", "role_id=5")
    assert wrong.exit_code != 0 and "permissions" in wrong.output


def test_two_people_are_told_side_by_side(app: Flask, world: World, harbour: Community) -> None:
    world.member(harbour, world.user("anna"), world.role(harbour, PIN, name="crew"))
    world.member(harbour, world.user("ben"))
    place = ("--scope", "channel", "--scope-id", str(harbour.channel_id))
    shown = run(app, "compare", "anna", "ben", *place)
    assert shown.exit_code == 0, shown.output
    assert "Only anna, member (roles: crew):" in shown.output
    assert f"  {PIN} (granted; the other: not_granted)" in shown.output
    found = json.loads(run(app, "compare", "ben", "anna", *place, "--json").output)
    assert [one["permission"] for one in found["only_other"]] == [PIN]
