"""Questions about resources of every declared type, with the ids that these have."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import papers
from tests.support.papers import EDIT, READ, Papers
from tests.support.world import Person, World
from yoto.extensions import permissions
from yoto.permission import PUBLIC, Everyone, Team

API = "/api/v1/permissions"


class Desk:
    """A workspace with two documents; somebody reads the first."""

    def __init__(self, world: World, made: Papers) -> None:
        self.made = made
        self.owner, self.reader, self.member, self.outsider = map(
            world.user, ("owner", "reader", "member", "outsider")
        )
        self.workspace = made.workspace(self.owner, self.reader, self.member)
        self.plan, self.note = (made.document(self.workspace, name) for name in ("plan", "note"))
        self.reading = made.role(READ)
        made.assign(self.reader.id, self.reading, ("document", self.plan))


@pytest.fixture
def desk(app: Flask, world: World) -> Iterator[Desk]:
    with papers.declared(app) as made:
        yield Desk(world, made)


def about(document: object, permission: str = READ, **more: Any) -> dict[str, Any]:
    return {"permission": permission, "scope": "document", "scope_id": str(document)} | more


def post(client: FlaskClient, person: Person, path: str, body: dict[str, Any]) -> TestResponse:
    return client.post(f"{API}/{path}", headers=person.headers, json=body)


def get(client: FlaskClient, person: Person, path: str, query: dict[str, Any]) -> TestResponse:
    return client.get(f"{API}/{path}", headers=person.headers, query_string=query)


def test_one_asks_about_oneself_at_a_document(client: FlaskClient, desk: Desk) -> None:
    question = about(desk.plan)
    answer = post(client, desk.reader, "check", question).get_json()
    assert answer == question | {"user_id": desk.reader.id, "allowed": True, "reason": "granted"}
    mine = get(client, desk.reader, "me", {"scope": "document", "scope_id": desk.plan}).get_json()
    assert mine == {"scope": "document", "scope_id": str(desk.plan), "permissions": [READ]}
    batch = {"checks": [question, about(desk.plan, EDIT)]}
    assert post(client, desk.reader, "check-batch", batch).get_json()["allowed"] == [True, False]
    found = post(client, desk.reader, "explain", question).get_json()
    assert (found["allowed"], found["scope_id"]) == (True, str(desk.plan))
    assert [role["at"] for role in found["roles"]] == [f"document:{desk.plan}"]
    query = {"permission": READ, "scope": "document"}
    page = {"ids": [str(desk.plan)], "next_after": None}
    assert get(client, desk.reader, "resources", query).get_json() == page
    # Those of the workspace; one asks only about what one sees.
    query["within"] = f"workspace:{desk.workspace}"
    assert get(client, desk.reader, "resources", query).get_json() == page
    assert get(client, desk.outsider, "resources", query).status_code == 404


def test_the_pages_of_a_search_are_in_the_order_of_the_ids(client: FlaskClient, desk: Desk) -> None:
    query: dict[str, Any] = {"permission": READ, "scope": "document", "limit": 1}
    first = get(client, desk.owner, "resources", query).get_json()
    rest = get(client, desk.owner, "resources", query | {"after": first["next_after"]}).get_json()
    assert sorted(first["ids"] + rest["ids"]) == sorted(map(str, (desk.plan, desk.note)))
    wrong = get(client, desk.owner, "resources", query | {"after": "7"})
    assert (wrong.status_code, list(wrong.get_json()["errors"])) == (422, ["after"])


def test_who_owns_a_workspace_asks_about_others_in_it(
    app: Flask, client: FlaskClient, world: World, desk: Desk
) -> None:
    with app.app_context():
        [team] = permissions.create_team("authors").ids
        [program] = permissions.register_application("importer").ids
        permissions.assign(Team(team), desk.reading, at=("document", desk.plan))
        everyone = Everyone("workspace", desk.workspace)
        permissions.assign(everyone, desk.reading, at=("document", desk.note))
        permissions.assign(PUBLIC, desk.reading, at=("document", desk.plan))
    question = about(desk.plan)
    people = [desk.owner.id, desk.reader.id, desk.member.id, desk.outsider.id]
    found = get(client, desk.owner, "users", question).get_json()
    assert (found["ids"], found["applications"]) == (people, [program])
    sets = get(client, desk.owner, "sets", question).get_json()["sets"]
    assert set(sets) == {"public", f"team:{team}", f"everyone:workspace:{desk.workspace}"}
    of_note = get(client, desk.owner, "sets", about(desk.note)).get_json()["sets"]
    assert of_note == [f"everyone:workspace:{desk.workspace}"]
    other = question | {"user_id": desk.outsider.id}
    assert post(client, desk.owner, "check", other).get_json()["allowed"] is True
    assert post(client, desk.owner, "explain", other).get_json()["changes"] is not None
    several = about(desk.note) | {"user_ids": people}
    assert post(client, desk.owner, "check-users", several).get_json()["allowed"] == people[:3]
    review = get(client, desk.owner, "review", about(desk.note))
    assert [line["user_id"] for line in review.get_json()["items"]] == people[:3]
    as_file = get(client, desk.owner, "review", about(desk.note, format="csv"))
    assert f"access-{READ}-document-{desk.note}.csv" in as_file.headers["Content-Disposition"]
    within = {
        "permission": READ,
        "scope": "document",
        "within": f"workspace:{desk.workspace}",
        "user_id": desk.reader.id,
    }
    ids = get(client, desk.owner, "resources", within).get_json()["ids"]
    assert sorted(ids) == sorted(map(str, (desk.plan, desk.note)))


@pytest.mark.parametrize("who", ["reader", "member", "outsider"])
def test_others_do_not(client: FlaskClient, desk: Desk, who: str) -> None:
    person: Person = getattr(desk, who)
    status = {"reader": 403, "member": 404, "outsider": 404}[who]
    other = about(desk.plan) | {"user_id": desk.owner.id}
    for path in ("check", "explain"):
        assert post(client, person, path, other).status_code == status
    for path in ("users", "sets", "review"):
        assert get(client, person, path, about(desk.plan)).status_code == status
    everywhere = {"permission": READ, "scope": "document", "user_id": desk.owner.id}
    assert get(client, person, "resources", everywhere).status_code == 403


@pytest.mark.parametrize(
    "path", ["check", "check-batch", "check-users", "check other", "me", "explain", "users", "sets"]
)
@pytest.mark.parametrize("who", ["member", "outsider"])
@pytest.mark.parametrize("at_home", [True, False])
def test_what_is_hidden_and_what_is_not_there_answer_alike(
    client: FlaskClient, desk: Desk, who: str, path: str, at_home: bool
) -> None:
    person: Person = getattr(desk, who)
    hidden = desk.plan if at_home else desk.made.document(None)
    answers = []
    for document in (hidden, uuid.uuid4()):
        question = about(document)
        place = {name: question[name] for name in ("scope", "scope_id")}
        answer = {
            "check": lambda: post(client, person, "check", question),
            "check other": lambda: post(client, person, "check", question | {"user_id": 1}),
            "check-batch": lambda: post(client, person, "check-batch", {"checks": [question]}),
            "check-users": lambda: post(
                client, person, "check-users", question | {"user_ids": [person.id]}
            ),
            "me": lambda: get(client, person, "me", place),
            "explain": lambda: post(client, person, "explain", question),
            "users": lambda: get(client, person, "users", question),
            "sets": lambda: get(client, person, "sets", question),
        }[path]()
        body = answer.get_json()
        text = body["detail"].replace(str(document), "ID")
        answers.append((answer.status_code, text, list(body["errors"])))
    assert answers[0] == answers[1] and answers[0][0] == 404


def test_a_question_with_the_whole_platform_in_it_tells_nothing_of_the_rest(
    client: FlaskClient, desk: Desk
) -> None:
    for document in (desk.plan, uuid.uuid4()):
        body = {"user_id": 1, "checks": [{"permission": READ}, about(document)]}
        assert post(client, desk.outsider, "check-batch", body).status_code == 403


def test_an_auditor_of_the_platform_asks_everywhere(
    client: FlaskClient, world: World, desk: Desk
) -> None:
    world.assign(desk.outsider, world.role(None, "admin.audit"))
    loose = desk.made.document(None)
    assert get(client, desk.outsider, "users", about(loose)).get_json()["ids"] == []
    found = get(client, desk.outsider, "users", about(desk.plan)).get_json()
    assert found["ids"] == [desk.owner.id, desk.reader.id]


def test_ids_are_those_of_the_type(app: Flask, client: FlaskClient, desk: Desk) -> None:
    with app.app_context():
        permissions.put_resource("file", "plan.txt", parent=("document", desk.plan))
    file = {"permission": READ, "scope": "file", "scope_id": "plan.txt"}
    assert post(client, desk.reader, "check", file).get_json()["allowed"] is True
    assert get(client, desk.owner, "users", file).get_json()["ids"] == [
        desk.owner.id,
        desk.reader.id,
    ]
    for kind, id_ in (("document", 7), ("document", "7"), ("file", 7), ("server", "7")):
        body = {"permission": READ, "scope": kind, "scope_id": id_}
        answer = post(client, desk.owner, "check", body)
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["scope_id"])
    for kind, id_ in (("document", "7"), ("server", "x"), ("server", "0")):
        query = {"permission": READ, "scope": kind, "scope_id": id_}
        answer = get(client, desk.owner, "users", query)
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["scope_id"])


def test_an_unknown_type_is_an_error_that_says_which_there_are(
    client: FlaskClient, desk: Desk
) -> None:
    for kind in ("folder", "category"):  # nobody asks about categories
        body = {"permission": READ, "scope": kind, "scope_id": 1}
        answer = post(client, desk.owner, "check", body)
        said = "Must be one of: global, server, channel, workspace, document, file."
        assert (answer.status_code, answer.get_json()["errors"]) == (422, {"scope": [said]})


def test_the_document_names_the_declared_types(client: FlaskClient, desk: Desk) -> None:
    schemas = client.get("/api/openapi.json").get_json()["components"]["schemas"]
    scope = schemas["Check"]["properties"]["scope"]
    assert scope["type"] == "string"
    assert scope["enum"] == ["global", "server", "channel", "workspace", "document", "file"]
    id_ = schemas["Check"]["properties"]["scope_id"]
    assert id_["type"] == ["integer", "string", "null"]
