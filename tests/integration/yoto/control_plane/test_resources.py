"""Operators ask about resources of every declared type, and find them by name or id."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.support import papers
from tests.support.operators import VIEW, ControlClient, control_client
from tests.support.papers import EDIT, READ, Papers
from tests.support.world import World
from yoto.extensions import permissions
from yoto.operate.permissions.resources import types
from yoto.permission import Application

AUDIT = "admin.audit"


class Desk:
    """A workspace with two documents, and a file in the first."""

    def __init__(self, app: Flask, world: World, made: Papers) -> None:
        self.made = made
        self.owner, self.reader = world.user("owner"), world.user("reader")
        self.workspace = made.workspace(self.owner, self.reader)
        self.plan, self.note = (made.document(self.workspace, name) for name in ("Plan", "Note"))
        self.reading = made.role(READ)
        made.assign(self.reader.id, self.reading, ("document", self.plan))
        with app.app_context():
            permissions.put_resource("file", "plan.txt", parent=("document", self.plan))


@pytest.fixture
def desk(app: Flask, world: World) -> Iterator[Desk]:
    with papers.declared(app) as made:
        yield Desk(app, world, made)


@pytest.fixture
def auditor(app: Flask, world: World, desk: Desk) -> ControlClient:
    return control_client(app, world, VIEW, AUDIT)


def found(client: ControlClient, **query: Any) -> list[Any]:
    """The resources that are found, two at a time."""
    items: list[Any] = []
    after: dict[str, Any] = {}
    while True:
        page = client.get("/resources", limit=2, **query, **after).json
        items += page["items"]
        if page["next"] is None:
            return items
        after = {"after": page["next"]}


def test_they_are_found_by_name_or_by_id(auditor: ControlClient, desk: Desk) -> None:
    desk.made.document(desk.made.workspace(desk.owner), "Elsewhere")
    within = f"workspace:{desk.workspace}"
    home = {"scope": "workspace", "id": str(desk.workspace), "name": "Desk"}
    plan = {"scope": "document", "id": str(desk.plan), "name": "Plan", "home": home}
    assert len(found(auditor, scope="document")) == 3
    here = found(auditor, scope="document", within=within)
    assert sorted(one["name"] for one in here) == ["Note", "Plan"]
    assert found(auditor, scope="document", search="LA", within=within) == [plan]
    assert found(auditor, scope="document", search=str(desk.plan)) == [plan]
    files = found(auditor, scope="file", search="plan.txt")
    assert [(one["id"], one["name"], one["home"]) for one in files] == [("plan.txt", None, home)]
    assert found(auditor, scope="file", search="plan") == []
    wrong = auditor.get("/resources", scope="workspace", within=f"document:{desk.plan}")
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["within"])
    assert auditor.get("/resources", scope="folder").status_code == 422


def test_a_verdict_at_a_document_is_explained_searched_and_reviewed(
    app: Flask, auditor: ControlClient, desk: Desk
) -> None:
    with app.app_context():
        [program] = permissions.register_application("importer").ids
        permissions.assign(Application(program), desk.reading, at=("document", desk.plan))
    asked = {"permission": READ, "scope": "document", "scope_id": str(desk.plan)}
    explained = auditor.send("POST", "/explain", {**asked, "username": "reader"}).json
    assert (explained["allowed"], explained["scope_id"]) == (True, str(desk.plan))
    of_program = {**asked, "username": f"application:{program}"}
    explained = auditor.send("POST", "/explain", of_program).json
    assert (explained["allowed"], explained["username"]) == (True, f"application:{program}")
    public = auditor.send("POST", "/explain", {**asked, "username": "public"}).json
    assert (public["allowed"], public["username"]) == (False, "public")
    people = auditor.get("/search/who", **asked).json["items"]
    names = ["owner", "reader", f"application:{program}"]
    assert [one["username"] for one in people] == names
    lines = auditor.get("/review", **asked).json["items"]
    assert [line["username"] for line in lines] == names
    query = {"permission": READ, "username": "reader", "scope": "document"}
    [what] = auditor.get("/search/what", **query).json["items"]
    assert (what["id"], what["name"], what["home"]["name"]) == (str(desk.plan), "Plan", "Desk")
    assert what["server_id"] is None
    query |= {"scope": "file", "within": f"workspace:{desk.workspace}"}
    assert [one["id"] for one in auditor.get("/search/what", **query).json["items"]] == ["plan.txt"]


def test_an_explanation_says_which_permission_of_the_type_is_missing_and_names_what_would_help(
    app: Flask, auditor: ControlClient, desk: Desk
) -> None:
    with app.app_context():
        [editing], [author] = (permissions.register_role(one).ids for one in ("editing", "author"))
        permissions.assign_permissions_to_role(editing, [EDIT])
        permissions.assign_permissions_to_role(author, [READ, EDIT])
        permissions.unassign(desk.reader.id, desk.reading, at=("document", desk.plan))
        permissions.assign(desk.reader.id, editing, at=("document", desk.plan))
    asked = {"permission": EDIT, "scope": "document", "scope_id": str(desk.plan)}
    found = auditor.send("POST", "/explain", {**asked, "username": "reader"}).json
    assert (found["rules"], found["gates"]) == (["no_channel_access"], [READ])
    assert f"without {READ} nothing else in the document remains" in found["text"]
    [given] = [one for one in found["changes"] if one["kind"] == "assign_role"]
    assert given["detail"] == {
        "user_id": desk.reader.id,
        "role_id": author,
        "role": "author",
        "at": f"document:{desk.plan}",
    }


@pytest.mark.parametrize(("path", "cursor"), [("/search/who", "next"), ("/review", "next_after")])
def test_pages_that_end_among_programs_go_on_with_the_next_one(
    app: Flask, auditor: ControlClient, desk: Desk, path: str, cursor: str
) -> None:
    with app.app_context():
        programs = [permissions.register_application(f"importer {n}").ids[0] for n in range(5)]
        for program in programs:
            permissions.assign(Application(program), desk.reading, at=("document", desk.plan))
    asked = {"permission": READ, "scope": "document", "scope_id": str(desk.plan), "limit": 1}
    names, numbers, after = [], set(), {}
    while True:
        page = auditor.get(path, **asked, **after)
        # As a browser reads numbers.
        page = json.loads(page.text, parse_int=lambda digits: int(float(digits)))
        names += [one["username"] for one in page["items"]]
        numbers |= {one.get("id", one.get("user_id")) for one in page["items"]}
        if page[cursor] is None:
            break
        after = {"after": page[cursor]}
    assert names == ["owner", "reader", *(f"application:{program}" for program in programs)]
    assert {str(Application(program).number) for program in programs} <= numbers


def test_the_matrix_of_a_workspace_and_the_overwrites_below(
    app: Flask, auditor: ControlClient, desk: Desk
) -> None:
    with app.app_context():
        [own] = permissions.register_role("editors", home=("workspace", desk.workspace)).ids
        permissions.assign_permissions_to_role(own, [EDIT], "workspace", desk.workspace)
        permissions.assign_permissions_to_role(own, [READ], "document", desk.note)
        [team] = permissions.create_team("authors").ids
        permissions.set_overwrite(at=("document", desk.plan), team_id=team, deny=[EDIT])
    home = {"scope": "workspace", "scope_id": str(desk.workspace)}
    shown = auditor.get("/resources/matrix", **home).json
    assert shown["resource"]["name"] == "Desk"
    assert [role["name"] for role in shown["roles"]] == ["editors"]
    there, below = f"workspace:{desk.workspace}", f"document:{desk.note}"
    assert {grant["scope"] for grant in shown["roles"][0]["grants"]} == {there, below}
    assert shown["scopes"] == ["global", there]
    assert {READ, EDIT} == {one["name"] for one in shown["permissions"]}
    everywhere = auditor.get("/resources/matrix", **home, everywhere=True, limit=100).json
    assert desk.reading in [role["id"] for role in everywhere["roles"]]
    [laid] = auditor.get("/resources/overwrites", **home, of="document").json["items"]
    assert (laid["name"], laid["place"]) == ("Plan", f"document:{desk.plan}")
    assert laid["overwrites"] == [
        {"target_type": "team", "target_id": team, "target": "authors", "allow": [], "deny": [EDIT]}
    ]
    nobodys = {"scope": "document", "scope_id": str(desk.plan)}
    wrong = auditor.get("/resources/matrix", **nobodys)
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["scope"])
    gone = auditor.get("/resources/matrix", **home | {"scope_id": str(uuid.uuid4())})
    assert gone.status_code == 404


def test_to_look_at_the_platform_is_not_to_know_what_others_may_do(
    app: Flask, world: World, desk: Desk
) -> None:
    viewer = control_client(app, world, VIEW)
    asked = {"permission": READ, "scope": "document", "scope_id": str(desk.plan)}
    home = {"scope": "workspace", "scope_id": str(desk.workspace)}
    for path, query in (
        ("/search/who", asked),
        ("/review", asked),
        ("/resources/matrix", home),
        ("/resources/overwrites", home | {"of": "document"}),
        ("/search/what", {"permission": READ, "username": "reader", "scope": "document"}),
    ):
        assert viewer.get(path, **query).status_code == 403, path
    assert viewer.get("/resources", scope="document").status_code == 200


def test_the_page_knows_the_declared_types(app: Flask, auditor: ControlClient, desk: Desk) -> None:
    with app.app_context():
        known = {one["type"]: one for one in types()}
    assert list(known) == ["server", "category", "channel", "workspace", "document", "file"]
    assert [name for name, one in known.items() if not one["askable"]] == ["category"]
    assert known["document"] == {
        "type": "document",
        "ids": "uuid",
        "askable": True,
        "named": True,
        "members": False,
        "homes": ["workspace"],
        "below": ["file"],
    }
