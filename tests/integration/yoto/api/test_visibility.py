"""A thing that somebody may not see does not exist: the answer is as for what is not there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.extensions import permissions
from tests.support.world import Community, Person, World
from yoto.api import visibility
from yoto.api.visibility import NAMED, STEP
from yoto.errors import StoreUnavailable
from yoto.permission import Place
from yoto.store.db import db

NOWHERE = 999_999_999
API = "/api/v1"


class Hidden:
    """A private server with a channel that its plain members may not read, and who is outside."""

    def __init__(self, world: World) -> None:
        self.community: Community = world.server(public=False)
        self.outsider: Person = world.user("outsider")
        self.member: Person = world.member(self.community)
        self.secret = world.channel(self.community, name="secret")
        world.overwrite(channel=self.secret, role=self.community.everyone_id, deny=["channel.read"])
        self.role = world.role(self.community)
        self.global_role = world.role(None, "admin.users")


@pytest.fixture
def hidden(world: World) -> Hidden:
    return Hidden(world)


def rules(app: Flask, argument: str) -> Iterator[tuple[str, str]]:
    """Method and path, with ``{}`` for the argument, of all routes that name it first."""
    for rule in app.url_map.iter_rules():
        first = re.search(r"<int:(\w+)>", rule.rule)
        if not rule.rule.startswith(API) or first is None or first[1] != argument:
            continue
        path = rule.rule.replace(first[0], "{}", 1)
        path += "?q=a" if path.endswith("/search") else ""
        path = re.sub(r"<any\((\w+)[^>]*>", r"\1", re.sub(r"<int:[^>]+>", "1", path))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, re.sub(r"<[^>]+>", "message.pin", path)


def shown(answer: TestResponse, id_: int) -> tuple[int, dict[str, Any]]:
    """Status and body, without what is another's in each answer."""
    found: dict[str, Any] = answer.get_json()
    kept = {name: found[name] for name in found if name not in ("request_id", "instance")}
    said = {name: re.sub(rf"\b{id_}\b", "ID", str(value)) for name, value in kept.items()}
    return answer.status_code, said


@pytest.mark.parametrize(
    ("argument", "who", "what"),
    [
        ("server_id", "outsider", "server"),
        ("channel_id", "outsider", "channel"),
        ("channel_id", "member", "secret"),
        ("role_id", "outsider", "role"),
        ("role_id", "member", "global_role"),
    ],
)
def test_every_route_answers_as_for_an_id_that_names_nothing(
    app: Flask,
    client: FlaskClient,
    world: World,
    hidden: Hidden,
    monkeypatch: pytest.MonkeyPatch,
    argument: str,
    who: str,
    what: str,
) -> None:
    ids = {
        "server": hidden.community.id,
        "channel": hidden.community.channel_id,
        "secret": hidden.secret,
        "role": hidden.role,
        "global_role": hidden.global_role,
    }
    person: Person = getattr(hidden, who)
    waits: list[float] = []
    # As if each had taken the same part of a step. The clock of the module alone: others sleep too.
    monkeypatch.setattr(visibility, "time", SimpleNamespace(sleep=waits.append))
    monkeypatch.setattr(visibility, "perf_counter", lambda: g.request_record.began + 5.25 * STEP)
    before, tried = world.snapshot(), 0
    for method, path in rules(app, argument):
        answers = []
        for id_ in (ids[what], NOWHERE):
            waits.clear()
            answer = client.open(
                path.format(id_),
                method=method,
                headers=person.headers,
                json={} if method != "GET" else None,
            )
            answers.append(shown(answer, id_))
            # And in the same time: each waits for the next step of the clock.
            assert waits == [pytest.approx(0.75 * STEP)], (method, path)
        assert answers[0] == answers[1] and answers[0][0] == 404, (method, path)
        assert argument in answers[0][1]["errors"]
        tried += 1
    assert tried >= 10 and NAMED[argument]
    assert world.snapshot() == before


def test_a_member_without_a_right_is_told_so_where_they_see_the_place(
    client: FlaskClient, hidden: Hidden
) -> None:
    headers = hidden.member.headers
    community = hidden.community
    for path in (
        f"/servers/{community.id}",
        f"/channels/{community.channel_id}",
        f"/roles/{hidden.role}",
    ):
        answer = client.delete(API + path, headers=headers)
        assert answer.status_code == 403, path


def test_a_public_server_is_there_for_all_and_its_channels_are_not(
    client: FlaskClient, world: World, hidden: Hidden
) -> None:
    public = world.server(public=True)
    headers = hidden.outsider.headers
    assert client.get(f"{API}/servers/{public.id}", headers=headers).status_code == 200
    assert client.delete(f"{API}/servers/{public.id}", headers=headers).status_code == 403
    answer = client.get(f"{API}/channels/{public.channel_id}", headers=headers)
    assert answer.status_code == 404


Ask = Callable[[Place], TestResponse]


@pytest.mark.parametrize(
    "door",
    ["check", "check-batch", "check-users", "check other", "me", "explain", "users", "review"]
    + ["difference", "sets", "snapshot", "holders", "as-roles", "resources", "users of several"]
    + ["evaluation", "evaluations", "search/action", "search/subject"],
)
@pytest.mark.parametrize(("who", "kind"), [("outsider", "server"), ("member", "channel")])
def test_no_question_tells_what_is_hidden(
    client: FlaskClient, hidden: Hidden, who: str, kind: str, door: str
) -> None:
    person: Person = getattr(hidden, who)
    there = hidden.community.id if kind == "server" else hidden.secret
    answers = []
    for id_ in (there, NOWHERE):
        place = {"scope": kind, "scope_id": id_}
        question = place | {"permission": "message.pin"}
        authzen = {
            "subject": {"type": "user", "id": person.username},
            "action": {"name": "message.pin"},
            "resource": {"type": kind, "id": str(id_)},
        }
        api = f"{API}/permissions"
        method, path, body = {
            "check": ("POST", f"{api}/check", question),
            "check other": ("POST", f"{api}/check", question | {"user_id": 1}),
            "check-batch": ("POST", f"{api}/check-batch", {"checks": [question]}),
            "check-users": ("POST", f"{api}/check-users", question | {"user_ids": [person.id]}),
            "me": ("GET", f"{api}/me", place),
            "explain": ("POST", f"{api}/explain", question),
            "users": ("GET", f"{api}/users", question),
            "review": ("GET", f"{api}/review", question),
            "difference": (
                "GET",
                f"{api}/review/difference",
                question | {"since": "2026-01-01T00:00:00Z"},
            ),
            "sets": ("GET", f"{api}/sets", question),
            "snapshot": ("POST", f"{api}/snapshot", {"places": [place]}),
            "holders": ("GET", f"{api}/holders", place),
            "as-roles": ("POST", f"{api}/as-roles", {"places": [place], "role_ids": []}),
            "resources": (
                "GET",
                f"{api}/resources",
                {"permission": "message.pin", "within": f"{kind}:{id_}"},
            ),
            "users of several": (
                "GET",
                f"{api}/users",
                place | {"expression": "message.pin OR message.send"},
            ),
            "evaluation": ("POST", "/access/v1/evaluation", authzen),
            "evaluations": (
                "POST",
                "/access/v1/evaluations",
                authzen | {"evaluations": [{}]},
            ),
            "search/subject": (
                "POST",
                "/access/v1/search/subject",
                authzen | {"subject": {"type": "user"}},
            ),
            "search/action": ("POST", "/access/v1/search/action", authzen),
        }[door]
        options: dict[str, Any] = {"json": body} if method == "POST" else {"query_string": body}
        answer = client.open(path, method=method, headers=person.headers, **options)
        if door == "search/subject":
            # It takes the right to know about others at the place.
            assert answer.status_code == 403
        elif path.startswith("/access"):
            assert answer.status_code == 200
            assert answer.get_json().get("results", []) == []
        else:
            assert answer.status_code == 404, (door, answer.text)
        answers.append(shown(answer, id_))
    assert answers[0] == answers[1]


def test_nobody_learns_by_others_what_is_hidden(client: FlaskClient, hidden: Hidden) -> None:
    """Nor by oneself: a list holds what one sees."""
    owner, outsider = hidden.community.owner, hidden.outsider
    query: dict[str, Any] = {"permission": "message.send", "scope": "channel"}
    path = f"{API}/permissions/resources"
    for who, status in ((owner, 403), (outsider, 200)):
        listed = client.get(
            path, query_string=query | {"user_id": who.id}, headers=outsider.headers
        )
        assert (listed.status_code, listed.get_json().get("items", [])) == (status, [])
        searched = client.post(
            "/access/v1/search/resource",
            json={
                "subject": {"type": "user", "id": who.username},
                "action": {"name": "message.send"},
                "resource": {"type": "channel"},
            },
            headers=outsider.headers,
        )
        assert (searched.status_code, searched.get_json().get("results", [])) == (status, [])


def test_an_auditor_of_the_platform_sees_everything(
    app: Flask, client: FlaskClient, world: World, hidden: Hidden
) -> None:
    auditor = world.user("auditor")
    world.assign(auditor, world.role(None, "admin.audit"))
    body = {"permission": "message.pin", "scope": "channel", "scope_id": hidden.secret}
    answer = client.post(f"{API}/permissions/check", headers=auditor.headers, json=body)
    assert answer.get_json()["allowed"] is False
    answer = client.get(f"{API}/channels/{hidden.secret}", headers=auditor.headers)
    assert answer.status_code == 403
    with app.app_context():
        assert not permissions.has_place(auditor.id, "channel", hidden.secret)


def test_explaining_oneself_names_only_what_is_ones_own(
    client: FlaskClient, world: World, hidden: Hidden
) -> None:
    giving = world.role(hidden.community, "message.pin", name="pinners")
    question = {
        "permission": "message.pin",
        "scope": "channel",
        "scope_id": hidden.community.channel_id,
    }

    def explained(person: Person, body: dict[str, Any]) -> dict[str, Any]:
        answer = client.post(f"{API}/permissions/explain", headers=person.headers, json=body)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.get_json()
        return found

    own = explained(hidden.member, question)
    assert own["changes"] == [] and own["reason"] == "not_granted"
    assert giving not in {role["role_id"] for role in own["roles"]} and "pinners" not in str(own)
    everywhere = {"permission": "admin.users", "scope": "global"}
    assert explained(hidden.member, everywhere)["changes"] == []
    watcher = world.member(hidden.community, None, world.role(hidden.community, "server.audit"))
    assert explained(watcher, question)["changes"]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("what", ["server", "channel", "nothing"])
def test_nobody_waits_with_a_transaction(
    client: FlaskClient, hidden: Hidden, monkeypatch: pytest.MonkeyPatch, method: str, what: str
) -> None:
    held: list[bool] = []
    monkeypatch.setattr(
        "yoto.api.visibility.time.sleep", lambda _: held.append(db.session().in_transaction())
    )
    path = {
        "server": f"/servers/{hidden.community.id}",
        "channel": f"/channels/{hidden.secret}",
        "nothing": f"/channels/{NOWHERE}",
    }[what]
    client.open(API + path, method=method, headers=hidden.outsider.headers, json={"name": "x"})
    assert held == [False]


def test_a_store_that_is_away_while_sight_is_judged_is_an_outage(
    client: FlaskClient, hidden: Hidden, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> bool:
        raise StoreUnavailable("database", OSError("gone"))

    monkeypatch.setattr("yoto.api.visibility.sees", away)
    path = f"{API}/channels/{hidden.secret}"
    answer = client.get(path, headers=hidden.member.headers)
    assert (answer.status_code, answer.get_json()["store"]) == (503, "database")
    assert "Retry-After" in answer.headers
