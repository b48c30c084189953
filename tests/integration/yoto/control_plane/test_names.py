"""Operators learn what people call those whom records and events call by ids, many at once."""

from __future__ import annotations

from typing import Any

from flask import Flask

from tests.support import papers
from tests.support.operators import VIEW, ControlClient, control_client
from tests.support.statements import count_own_statements
from tests.support.world import World
from yoto.extensions import permissions
from yoto.nodes import APPLICATIONS
from yoto.permission import Application


def asked(client: ControlClient, *of: str) -> dict[str, Any]:
    """The known names, as (name, hint), by what was asked for."""
    answer = client.get("/names", of=of)
    assert answer.status_code == 200, answer.text
    items = answer.json["items"]
    assert [(f"{one['kind']}:{one['id']}".rstrip(":")) for one in items] == list(dict.fromkeys(of))
    return {one["of"]: (one["name"], one["hint"]) if one["known"] else None for one in items}


def test_who_sees_the_platform_learns_names_and_where_things_are(app: Flask, world: World) -> None:
    viewer = control_client(app, world, VIEW)
    tomas = world.user("tomas", display_name="Tomáš B.")
    plain = world.user("dana", display_name="dana")
    harbour = world.server(plain, name="Harbour")
    role = world.role(harbour, name="Moderator")
    lounge = world.role(None, name="Support")
    with app.app_context():
        [program] = permissions.register_application("importer").ids
        [crew] = permissions.create_team("crew").ids
    assert asked(
        viewer,
        f"user:{tomas.id}",
        f"user:{plain.id}",
        f"role:{role}",
        f"role:{lounge}",
        f"server:{harbour.id}",
        f"channel:{harbour.channel_id}",
        f"application:{program}",
        f"user:{Application(program).number}",
        f"team:{crew}",
        f"user:{tomas.id}",
    ) == {
        f"user:{tomas.id}": ("tomas", "Tomáš B."),
        f"user:{plain.id}": ("dana", None),
        f"role:{role}": ("Moderator", "Harbour"),
        f"role:{lounge}": ("Support", None),
        f"server:{harbour.id}": ("Harbour", None),
        f"channel:{harbour.channel_id}": ("general", "Harbour"),
        f"application:{program}": ("importer", None),
        f"user:{APPLICATIONS + program}": ("importer", None),
        f"team:{crew}": ("crew", None),
    }


def test_what_is_not_there_is_not_known_and_spoils_nothing(app: Flask, world: World) -> None:
    viewer = control_client(app, world, VIEW)
    there = world.user("tomas")
    of = [
        f"user:{there.id}",
        "user:999999",
        "user:٣",
        "user:0",
        "role:999999",
        "channel:999999",
        "channel:general",
        "application:7",
        "cli:anna",
        "break_glass",
        "public",
    ]
    found = asked(viewer, *of)
    assert found.pop(f"user:{there.id}") == ("tomas", "Tomas")
    assert set(found.values()) == {None}


def test_resources_of_an_application_are_known_by_its_own_ids(app: Flask, world: World) -> None:
    viewer = control_client(app, world, VIEW)
    with papers.declared(app) as made:
        owner = world.user("owner")
        workspace = made.workspace(owner)
        plan = made.document(workspace, "Plan")
        with app.app_context():
            permissions.put_resource("file", "plan.txt", parent=("document", plan))
        assert asked(viewer, f"document:{plan}", f"workspace:{workspace}", "file:plan.txt") == {
            f"document:{plan}": ("Plan", "Desk"),
            f"workspace:{workspace}": ("Desk", None),
            "file:plan.txt": (None, "Desk"),
        }


def test_a_batch_is_bounded_and_takes_statements_by_kind_not_by_name(
    app: Flask, world: World
) -> None:
    viewer = control_client(app, world, VIEW)
    harbour = world.server(name="Harbour")
    ids = world.members(harbour, 50)
    roles = [world.role(harbour, name=f"role {n}") for n in range(10)]

    def taken(*of: str) -> int:
        with count_own_statements(every=True) as statements:
            asked(viewer, *of)
        return len(statements)

    few = [f"user:{ids[0]}", f"role:{roles[0]}", f"channel:{harbour.channel_id}"]
    many = [*(f"user:{one}" for one in ids), *(f"role:{one}" for one in roles), few[-1]]
    taken(*few)  # the caller comes from memory from now on
    assert taken(*many) == taken(*few)
    assert viewer.get("/names", of=[f"user:{n}" for n in range(1, 102)]).status_code == 422
    assert viewer.get("/names").status_code == 422
