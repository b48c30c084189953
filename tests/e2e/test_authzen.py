"""The AuthZEN 1.0 certification scenario over HTTP, against a started process.

All levels: Basic, Batch and Search with their Core and Properties parts, and Discovery, with the
fixture that the scenario prescribes:
https://openid.github.io/authzen/authorization-api-1_0-certification-scenario.html. Its ``record``
is a type of another application: records are the channels of one server here. The policy for its
properties is read from docs/authzen.md.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask_migrate import upgrade

from app import close_app, create_app
from app.extensions import permissions, policy
from tests.support.process import ROOT, RunningYoto
from tests.support.world import World

ALICE, BOB = {"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}
RECORD, SECOND = {"type": "record", "id": "record-1"}, {"type": "record", "id": "record-2"}
READ, WRITE = {"name": "read"}, {"name": "write"}
ARCHIVED = SECOND | {"properties": {"status": "archived"}}
ADMIN_BOB = BOB | {"properties": {"role": "admin"}}
GUIDE = ROOT / "docs" / "authzen.md"
EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"
SUBJECT, RESOURCE, ACTION = (
    f"/access/v1/search/{kind}" for kind in ("subject", "resource", "action")
)
CONTEXT = {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}


class Answer(NamedTuple):
    status: int
    headers: Any
    body: Any


class Client:
    """An AuthZEN client with the token of an auditor."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._token = token

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self._token}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self._send(urllib.request.Request(self.url + path, data, given))

    def get(self, path: str) -> Answer:
        return self._send(urllib.request.Request(self.url + path))

    def _send(self, request: urllib.request.Request) -> Answer:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, answer.headers, json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, json.loads(error.read()))


@pytest.fixture(scope="module")
def pdp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """``run.py`` on a database with the fixture of the scenario in it."""
    instance = tmp_path_factory.mktemp("authzen")
    server_id, token = prepare(instance)
    running = RunningYoto(
        instance, YOTO_SEED_DEMO="false", YOTO_AUTHZEN_TYPES=f"record={server_id}"
    )
    yield Client(running.url, token)
    running.stop()


def prepare(instance: Path) -> tuple[int, str]:
    """Store alice, bob and their records; the server's id, and an auditor's token."""
    app = create_app({"ENVIRONMENT": "development"}, instance_path=str(instance))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        permissions.init_app(app)  # without the cache: there is no Redis yet
        permissions.sync_catalogue()
        policy.sync_defaults()
        permissions.batch_register_permissions(
            ["record.read", "record.write", {"name": "record.delete", "abac": True}]
        )
    world = World(app)
    records = world.server(grants=["channel.read"])
    world.channel(records, "record-1")
    archive = world.channel(records, "record-2")
    reader = world.role(records, "record.read")
    writer = world.role(records, "record.write", "record.delete", parent_id=reader)
    archivist = world.role(records)
    world.overwrite(channel=archive, role=archivist, allow=["record.write"])
    world.member(records, world.user("alice"), writer)
    world.member(records, world.user("bob"), reader, archivist)
    with app.app_context():
        policy.put("records", policy_of_the_guide(archivist), author="ops")
    auditor = world.user("auditor")
    world.assign(auditor, world.role(None, "admin.audit"))
    close_app(app)
    return records.id, auditor.token


def policy_of_the_guide(archivist: int) -> str:
    """The policy for records, with the id of the role whose holders may change what is archived."""
    found = re.search(r"```rego\n(package yoto.authz\n.+?)```", GUIDE.read_text("utf-8"), re.S)
    assert found is not None
    return found[1].replace("archivist := 12", f"archivist := {archivist}")


def asked(subject: Any, action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"subject": subject, "action": action, "resource": resource, **more}


class TestBasic:
    @pytest.mark.parametrize(
        ("subject", "action", "decision"),
        [(ALICE, READ, True), (ALICE, WRITE, True), (BOB, READ, True), (BOB, WRITE, False)],
    )
    def test_fixture_decisions(
        self, pdp: Client, subject: Any, action: Any, decision: bool
    ) -> None:
        for _ in range(3):
            answer = pdp.post(EVALUATION, asked(subject, action, RECORD))
            assert answer.status == 200
            assert answer.headers.get_content_type() == "application/json"
            assert answer.body["decision"] is decision

    @pytest.mark.parametrize(
        "more",
        [
            {"context": CONTEXT},
            {"foo": "bar", "futureField": {"nested": True}},
            {"subject": ALICE | {"properties": {"department": "Sales", "role": "manager"}}},
            {"action": READ | {"properties": {"method": "GET"}}},
            {"resource": RECORD | {"properties": {"status": "active", "owner": "bob"}}},
        ],
    )
    def test_what_is_optional_or_unknown_changes_nothing(self, pdp: Client, more: Any) -> None:
        answer = pdp.post(EVALUATION, asked(ALICE, READ, RECORD) | more)
        assert (answer.status, answer.body) == (200, {"decision": True})

    @pytest.mark.parametrize(
        "change",
        [
            {"subject": None},
            {"action": None},
            {"resource": None},
            {"subject": {"id": "alice"}},
            {"subject": {"type": "user"}},
            {"action": {}},
            {"resource": {"id": "record-1"}},
            {"resource": {"type": "record"}},
            {"subject": "alice"},
            {"action": {"name": 123}},
        ],
    )
    def test_missing_and_wrong_fields_are_400(self, pdp: Client, change: Any) -> None:
        body = asked(ALICE, READ, RECORD) | change
        body = {key: value for key, value in body.items() if value is not None}
        assert pdp.post(EVALUATION, body).status == 400

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [(b"{}", "text/plain"), (b"{", "application/json"), (b"", "application/json")],
    )
    def test_bodies_that_are_no_json_are_400(
        self, pdp: Client, body: bytes, content_type: str
    ) -> None:
        assert pdp.post(EVALUATION, body, Content_Type=content_type).status == 400

    def test_the_request_id_is_echoed(self, pdp: Client) -> None:
        body, given = asked(ALICE, READ, RECORD), "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"
        assert pdp.post(EVALUATION, body, X_Request_ID=given).headers["X-Request-ID"] == given


@pytest.mark.parametrize("more", [{}, {"context": CONTEXT}])
@pytest.mark.parametrize(
    ("subject", "action", "resource", "decision"),
    [
        (ALICE, WRITE, ARCHIVED, False),
        (ADMIN_BOB, WRITE, ARCHIVED, True),
        (ALICE, {"name": "delete", "properties": {"soft": True}}, RECORD, True),
        (ALICE, {"name": "delete", "properties": {"soft": False}}, RECORD, False),
        (ALICE, {"name": "delete"}, RECORD, False),
    ],
)
def test_properties_decide_with_and_without_a_context(
    pdp: Client, subject: Any, action: Any, resource: Any, decision: bool, more: Any
) -> None:
    answer = pdp.post(EVALUATION, asked(subject, action, resource, **more))
    assert (answer.status, answer.body["decision"]) == (200, decision)


class TestBatch:
    @pytest.mark.parametrize(
        ("body", "decisions"),
        [
            (
                {
                    "subject": BOB,
                    "resource": RECORD,
                    "evaluations": [{"action": READ}, {"action": WRITE}],
                },
                [True, False],
            ),
            (
                {"evaluations": [asked(ALICE, READ, RECORD), asked(BOB, WRITE, RECORD)]},
                [True, False],
            ),
            (
                {
                    "subject": ALICE,
                    "action": READ,
                    "context": CONTEXT,
                    "evaluations": [
                        {"resource": RECORD},
                        {"resource": SECOND, "context": {"source": "batch-override"}},
                    ],
                },
                [True, True],
            ),
            (
                {
                    "subject": ALICE,
                    "action": WRITE,
                    "resource": RECORD,
                    "evaluations": [
                        {"resource": {"id": "record-1", "properties": {"status": "active"}}},
                        {"resource": RECORD | {"properties": {"status": "active"}}},
                        {"resource": ARCHIVED},
                        {"subject": ADMIN_BOB, "resource": ARCHIVED},
                        {},
                    ],
                },
                [False, True, False, True, True],
            ),
            (
                {"subject": ALICE, "action": READ, "evaluations": [{"resource": RECORD}, {}]},
                [True, False],
            ),
        ],
    )
    def test_decisions_in_the_order_of_the_questions(
        self, pdp: Client, body: Any, decisions: list[bool]
    ) -> None:
        answer = pdp.post(EVALUATIONS, body)
        assert answer.status == 200
        assert [item["decision"] for item in answer.body["evaluations"]] == decisions

    @pytest.mark.parametrize("more", [{}, {"evaluations": []}])
    def test_without_evaluations_it_is_a_single_one(self, pdp: Client, more: Any) -> None:
        answer = pdp.post(EVALUATIONS, asked(ALICE, READ, RECORD) | more)
        assert (answer.status, answer.body) == (200, {"decision": True})

    @pytest.mark.parametrize(
        ("semantic", "decisions"),
        [
            ("execute_all", [False, True, False]),
            ("deny_on_first_deny", [False]),
            ("permit_on_first_permit", [False, True]),
        ],
    )
    def test_semantics(self, pdp: Client, semantic: str, decisions: list[bool]) -> None:
        body = {
            "subject": BOB,
            "resource": RECORD,
            "evaluations": [{"action": WRITE}, {"action": READ}, {"action": WRITE}],
            "options": {"evaluations_semantic": semantic},
        }
        answer = pdp.post(EVALUATIONS, body)
        assert [item["decision"] for item in answer.body["evaluations"]] == decisions


class TestSearch:
    @pytest.mark.parametrize("more", [{}, {"context": CONTEXT}])
    @pytest.mark.parametrize(
        ("path", "body", "key", "expected"),
        [
            (SUBJECT, asked({"type": "user"}, READ, RECORD), "id", {"alice", "bob"}),
            (RESOURCE, asked(ALICE, READ, {"type": "record"}), "id", {"record-1", "record-2"}),
            (ACTION, {"subject": ALICE, "resource": RECORD}, "name", {"read", "write"}),
            (SUBJECT, asked({"type": "user"}, WRITE, ARCHIVED), "id", {"bob"}),
            (RESOURCE, asked(ADMIN_BOB, WRITE, {"type": "record"}), "id", {"record-2"}),
            (ACTION, {"subject": ADMIN_BOB, "resource": ARCHIVED}, "name", {"read", "write"}),
            (ACTION, {"subject": BOB, "resource": RECORD}, "name", {"read"}),
        ],
    )
    def test_fixture_results(
        self, pdp: Client, path: str, body: Any, key: str, expected: set[str], more: Any
    ) -> None:
        answer = pdp.post(path, body | more)
        assert answer.status == 200
        found = {result[key] for result in answer.body["results"]}
        assert expected <= found
        if path == ACTION:
            assert found == expected
        else:
            wanted = "user" if path == SUBJECT else "record"
            assert {result["type"] for result in answer.body["results"]} == {wanted}

    def test_who_may_not_change_what_is_archived_is_not_found(self, pdp: Client) -> None:
        found = pdp.post(SUBJECT, asked({"type": "user"}, WRITE, ARCHIVED)).body["results"]
        assert "alice" not in {one["id"] for one in found}

    def test_pages(self, pdp: Client) -> None:
        body = asked({"type": "user"}, READ, RECORD)
        found, token, sizes = [], None, []
        while token != "":
            page = {"limit": 1} | ({"token": token} if token else {})
            answer = pdp.post(SUBJECT, body | {"page": page})
            found += [result["id"] for result in answer.body["results"]]
            sizes.append(len(answer.body["results"]))
            token = answer.body["page"]["next_token"]
        assert {"alice", "bob"} <= set(found) and sizes == [1] * len(found)
        first = pdp.post(SUBJECT, body | {"page": {"limit": 1}}).body["page"]["next_token"]
        rest = pdp.post(SUBJECT, body | {"page": {"token": first}}).body
        assert [result["id"] for result in rest["results"]] == found[1:]
        assert rest["page"]["next_token"] == ""

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            (ACTION, {"subject": {"type": "user", "id": "nonexistent-user"}, "resource": RECORD}),
            (SUBJECT, asked({"type": "spaceship"}, READ, RECORD)),
        ],
    )
    def test_unknown_entities_are_found_nowhere(self, pdp: Client, path: str, body: Any) -> None:
        answer = pdp.post(path, body)
        assert (answer.status, answer.body["results"]) == (200, [])

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            (SUBJECT, {"subject": {"type": "user"}, "resource": RECORD}),
            (RESOURCE, {"action": READ, "resource": {"type": "record"}}),
            (ACTION, {"subject": ALICE}),
            (SUBJECT, asked({"type": "user"}, READ, {"type": "record"})),
            (RESOURCE, asked({"type": "user"}, READ, {"type": "record"})),
        ],
    )
    def test_missing_fields_are_400(self, pdp: Client, path: str, body: Any) -> None:
        assert pdp.post(path, body).status == 400


def test_discovery(pdp: Client) -> None:
    answer = pdp.get("/.well-known/authzen-configuration")
    assert answer.status == 200
    assert answer.headers.get_content_type() == "application/json"
    assert answer.body["policy_decision_point"] == pdp.url
    endpoint = answer.body["access_evaluation_endpoint"].removeprefix(pdp.url)
    assert pdp.post(endpoint, asked(ALICE, READ, RECORD)).body == {"decision": True}
