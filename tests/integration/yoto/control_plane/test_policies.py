"""Operators read, try, change and take back policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.auth import break_glass
from app.extensions import policy as manager
from tests.integration.yoto.rooms.policies.conftest import empty_record
from tests.support.operators import ADMIN, OPERATE, VIEW, WHY, ControlClient, control_client
from tests.support.small_policies import MAIN, bound, bound_tests, question
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.rooms.decision_log.tables import DecisionRecord
from yoto.rooms.policies import PolicyManager
from yoto.store.db import db

BOUND, SHADOW, DOCUMENT = "/policies/bound", "/policy-shadow", "/policy-documents/limits"
BROKEN = "package yoto.authz\n\ndeny contains"


@pytest.fixture
def policy(app: Flask) -> Iterator[PolicyManager]:
    """``main``, and ``bound``, which allows up to 10; three inputs were recorded."""
    with app.app_context():
        empty_record()
        manager.put("main", MAIN, "ada")
        manager.put("bound", bound(10), "ada", "at first", bound_tests(10))
        for number in (5, 15, 25):
            manager.evaluate(question(number))
        db.session.remove()
        yield manager
        db.session.remove()


@pytest.fixture
def admin(app: Flask, world: World, policy: PolicyManager) -> ControlClient:
    return control_client(app, world, *(VIEW, OPERATE, ADMIN))


@pytest.fixture
def auditor(app: Flask, policy: PolicyManager) -> ControlClient:
    """A caller who may know about others: by the break-glass token, as these policies let
    nobody."""
    token, app.config["BREAK_GLASS_HASH"] = break_glass.new_token()
    return ControlClient(app.test_client(), {"Authorization": f"Bearer {token}"})


def put(client: ControlClient, number: int, made_from: int | None, **body: Any) -> Any:
    tag = None if made_from is None else f'"{made_from}"'
    texts = {"source": bound(number), "tests": bound_tests(number)}
    return client.put(BOUND, tag, **(texts | body))


def test_the_list_says_what_is_in_force_and_how_the_engine_is(admin: ControlClient) -> None:
    shown = admin.get("/policies").json
    assert [(one["name"], one["version"], one["state"]) for one in shown["items"]] == [
        ("bound", 1, "live"),
        ("main", 1, "live"),
    ]
    assert shown["items"][0]["use"]["denies"] == {"above_bound": 2}
    engine = shown["engine"]
    assert (engine["state"], engine["error"]) == ("ok", None)
    assert engine["revision"] == engine["wanted"] == 2 and len(engine["bundle"]) == 16


def test_a_policy_is_read_with_its_version_as_tag_and_put_from_it(
    admin: ControlClient, world: World, policy: PolicyManager
) -> None:
    read = admin.get(BOUND)
    assert (read.json["source"], read.json["tests"]) == (bound(10), bound_tests(10))
    made = admin.put(BOUND, read.headers["ETag"], source=bound(20), tests=bound_tests(20))
    assert (made.status_code, made.json["version"], made.headers["ETag"]) == (200, 2, '"2"')
    compared = made.json["comparison"]
    assert [compared[name] for name in ("inputs", "allow_to_deny", "deny_to_allow")] == [3, 0, 1]
    assert compared["subjects"] == {"42": 1} and compared["codes"] == {"above_bound": 1}
    assert policy.evaluate(question(15)).allow
    (act,) = world.acts("policy.put")[-1:]
    assert act.reason == WHY and act.actor_id is not None and act.subject == "rego:bound"


def test_names_that_nobody_has_are_said_when_they_are_put(admin: ControlClient) -> None:
    source = bound(20) + '\n\ndeny contains "x" if input.action.name == "message.sned"\n'
    warnings = put(admin, 20, 1, source=source).json["warnings"]
    assert warnings[0] == {"code": "not_registered", "permissions": ["message.sned"]}
    (left_out,) = warnings[1:]
    assert left_out["code"] == "no_rule" and "server.manage" in left_out["permissions"]


def test_of_two_who_edit_the_second_is_told_and_sees_what_is_there(admin: ControlClient) -> None:
    assert put(admin, 20, 1).status_code == 200
    late = put(admin, 30, 1)
    assert (late.status_code, late.json["current_version"]) == (412, 2)
    assert late.json["current"]["source"] == bound(20) and "version" in late.json["errors"]
    assert put(admin, 30, None).status_code == 428
    assert admin.put(BOUND, "nonsense", source=bound(30)).status_code == 422
    assert admin.get(BOUND).json["version"] == 2


@pytest.mark.parametrize(
    ("body", "field", "line"),
    [
        ({"source": BROKEN}, "source", 3),
        ({"tests": "package yoto.authz_test\n\ntest_x if"}, "tests", 3),
        ({"tests": bound_tests(11)}, "source", None),
        ({"source": ""}, "source", None),
        ({"source": "\x00"}, "source", None),
        ({"reason": ""}, "reason", None),
    ],
)
def test_what_is_refused_is_told_at_its_field_with_its_line(
    admin: ControlClient, body: dict[str, Any], field: str, line: int | None
) -> None:
    refused = put(admin, 10, 1, **body)
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])
    assert refused.json.get("line") == line
    assert admin.get(BOUND).json["version"] == 1


def test_a_source_is_tried_on_recorded_decisions_and_stores_nothing(admin: ControlClient) -> None:
    shown = admin.send(
        "POST",
        f"{BOUND}/test",
        {"source": bound(20), "tests": bound_tests(20), "input": question(18)},
    ).json
    assert (shown["inputs"], shown["changed"], shown["deny_to_allow"]) == (3, 1, 1)
    (differing,) = shown["differing"]
    assert differing["input"]["number"] == 15
    assert differing["before"] == {"allow": False, "deny": ["above_bound"], "error": None}
    assert differing["after"]["allow"] and shown["given"]["after"]["allow"]
    assert not shown["given"]["before"]["allow"] and len(shown["tests_passed"]) == 2
    assert admin.get(BOUND).json["version"] == 1


def test_versions_are_paged_compared_and_brought_back(
    admin: ControlClient, policy: PolicyManager
) -> None:
    for number in (20, 30):
        manager.put("bound", bound(number), "bob", f"to {number}")
    first = admin.get(f"{BOUND}/versions", limit=2).json
    assert ([one["version"] for one in first["items"]], first["next"]) == ([3, 2], 2)
    rest = admin.get(f"{BOUND}/versions", limit=2, after=first["next"]).json
    assert ([one["version"] for one in rest["items"]], rest["next"]) == ([1], None)
    assert admin.get(f"{BOUND}/versions/1").json["source"] == bound(10)
    lines = admin.get(f"{BOUND}/versions/2/diff/3").json["source"]
    marked = [(line["mark"], line["text"]) for line in lines if line["mark"] != "same"]
    assert [mark for mark, _ in marked] == ["removed", "added"]
    assert "20" in marked[0][1] and "30" in marked[1][1]
    assert admin.get(f"{BOUND}/versions/9").status_code == 404
    assert admin.get("/policies/nobody/versions").status_code == 404
    body = {"version": 1, "reason": WHY}
    assert admin.send("POST", f"{BOUND}/rollback", body).status_code == 428
    assert admin.send("POST", f"{BOUND}/rollback", body, If_Match='"2"').status_code == 412
    assert admin.send("POST", f"{BOUND}/rollback", body, If_Match='"3"').json["version"] == 4
    assert not policy.evaluate(question(15)).allow


def test_a_policy_is_removed_and_comes_back(admin: ControlClient, policy: PolicyManager) -> None:
    removed = admin.send("POST", f"{BOUND}/remove", {"reason": WHY}, If_Match='"1"')
    assert removed.status_code == 200 and policy.evaluate(question(99)).allow
    assert admin.get(BOUND).status_code == 404
    main = admin.send("POST", "/policies/main/remove", {"reason": WHY}, If_Match='"1"')
    assert (main.status_code, list(main.json["errors"])) == (422, ["name"])
    back = {"version": 1, "reason": WHY}
    assert admin.send("POST", f"{BOUND}/rollback", back, If_Match='"0"').status_code == 200


def test_a_candidate_is_watched_promoted_or_dropped(
    admin: ControlClient, policy: PolicyManager
) -> None:
    assert admin.get(SHADOW).json == {"candidate": None, "locked_out": []}
    assert admin.post(SHADOW, name="bound", source=BROKEN).json["line"] == 3
    made = admin.post(SHADOW, name="bound", source=bound(20), tests=bound_tests(20), sample=1.0)
    assert (made.status_code, made.json["version"]) == (201, 2)
    shown = admin.get(SHADOW).json["candidate"]
    assert (shown["name"], shown["version"], shown["sample"]) == ("bound", 2, 1.0)
    assert admin.get("/policies").json["items"][0]["candidate_version"] == 2
    again = admin.post(SHADOW, name="bound", source=bound(30))
    assert (again.status_code, list(again.json["errors"])) == (422, ["name"])
    wrong = admin.post(f"{SHADOW}/promote", version=1)
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["candidate"])
    assert admin.post(f"{SHADOW}/promote", version=2).status_code == 200
    assert policy.evaluate(question(15)).allow
    admin.post(SHADOW, name="bound", source=bound(30))
    assert admin.post(f"{SHADOW}/drop", version=3).status_code == 200
    assert not policy.evaluate(question(25)).allow


def test_a_candidate_says_whom_it_would_lock_out_operators_first(
    auditor: ControlClient, world: World, policy: PolicyManager
) -> None:
    somebody, operator = world.user("somebody"), world.user("another")
    world.assign(operator, world.role(None, VIEW, name="viewers"))
    auditor.post(SHADOW, name="bound", source=bound(1), tests=bound_tests(1))
    for person in (somebody, somebody, operator):
        policy.evaluate(question(5, str(person.id)))

    def locked_out() -> list[tuple[str, bool]]:
        return [(one["id"], one["operator"]) for one in auditor.get(SHADOW).json["locked_out"]]

    people = [(str(operator.id), True), (str(somebody.id), False)]
    wait_until(lambda: locked_out() == people)


def test_operators_see_what_policies_judge_and_on_what_inputs(
    auditor: ControlClient,
) -> None:
    records = (("message.send", None, 100), ("message.send", "set", 1), ("member.ban", "set", 10))
    db.session.add_all(
        DecisionRecord(
            user_id=1, asked=asked, scope="channel:1", allowed=False, reason="not_granted",
            weight=weight, tier="db", policy_version=version, mask_hash="0",
        )  # fmt: skip
        for asked, version, weight in records
    )
    db.session.commit()
    coverage = auditor.get("/policy-coverage").json
    rows = {one["permission"]: one for one in coverage["permissions"]}
    assert rows["message.send"]["asked"] == "where_set"
    assert "bound" in rows["message.send"]["policies"]
    assert coverage["recorded"]["message.send"] == {"decisions": 101, "judged": 1}
    assert (coverage["decisions"], coverage["judged"]) == (111, 11)

    inputs = auditor.get("/policy-coverage/inputs", limit=2).json["items"]
    assert [one["number"] for one in inputs] == [25, 15]


def test_documents_are_put_tried_compared_and_rolled_back(admin: ControlClient) -> None:
    made = admin.put(DOCUMENT, '"0"', document={"most": 1})
    assert (made.status_code, made.json["kind"]) == (200, "data")
    assert admin.put(DOCUMENT, '"0"', document={"most": 2}).status_code == 412
    assert admin.put(DOCUMENT, '"1"', document=None).status_code == 200
    assert admin.put(DOCUMENT, '"2"', document={"most": 2}).status_code == 200
    read = admin.get(DOCUMENT)
    assert (read.json["document"], read.headers["ETag"]) == ({"most": 2}, '"3"')
    assert [one["name"] for one in admin.get("/policy-documents").json["items"]] == ["limits"]
    lines = admin.get(f"{DOCUMENT}/versions/1/diff/3").json["source"]
    assert [one["text"] for one in lines if one["mark"] == "added"] == ['  "most": 2']
    tried = admin.send("POST", f"{DOCUMENT}/test", {"document": {"most": 3}}).json
    assert (tried["inputs"], tried["changed"]) == (3, 0)
    back = {"version": 1, "reason": WHY}
    assert admin.send("POST", f"{DOCUMENT}/rollback", back, If_Match='"3"').status_code == 200
    assert admin.get(DOCUMENT).json["document"] == {"most": 1}


def test_who_may_look_may_try_what_is_in_force_and_nothing_else(
    app: Flask, world: World, policy: PolicyManager
) -> None:
    viewer = control_client(app, world, VIEW, OPERATE)
    tried = viewer.send("POST", f"{BOUND}/test", {"input": question(12)})
    assert tried.status_code == 200 and tried.json["changed"] == 0
    assert tried.json["given"]["after"]["deny"] == ["above_bound"]
    before = world.snapshot()
    for method, path, body in (
        ("POST", f"{BOUND}/test", {"source": bound(1)}),
        ("PUT", BOUND, {"source": bound(1), "reason": WHY}),
        ("PUT", DOCUMENT, {"document": 1, "reason": WHY}),
        ("POST", f"{DOCUMENT}/test", {"document": 1}),
        ("POST", f"{BOUND}/rollback", {"version": 1, "reason": WHY}),
        ("POST", f"{BOUND}/remove", {"reason": WHY}),
        ("POST", SHADOW, {"name": "bound", "source": bound(1), "reason": WHY}),
        ("POST", f"{SHADOW}/promote", {"version": 1, "reason": WHY}),
        ("POST", f"{SHADOW}/drop", {"version": 1, "reason": WHY}),
    ):
        refused = viewer.send(method, path, body, If_Match='"1"')
        assert (refused.status_code, refused.json["permission"]) == (403, ADMIN), path
    assert world.snapshot() == before
    # Inputs show what others did.
    assert viewer.get("/policy-coverage/inputs").status_code == 403
