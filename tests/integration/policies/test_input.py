"""The input that the platform makes keeps to its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import permissions, policy
from tests.integration.policies.conftest import (
    ALWAYS,
    Put,
    administer,
    manage,
    send,
    set_channel_rules,
    set_server_rules,
)
from tests.support.world import Community, Person, World
from yoto.rooms.policies.input import InputBuilder
from yoto.rooms.policies.service.serving import Serving

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "yoto" / "policies" / "input.schema.json").read_text()
)
EVERYTHING = frozenset({"*"})
WANTS_MUCH = {"limiter": "message.send", "remaining": 1e9}


@pytest.fixture(scope="module")
def validator() -> Any:
    """A validator of inputs. Its import takes seconds, which each collecting process would need."""
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(SCHEMA)
    return Draft202012Validator(SCHEMA)


@pytest.fixture
def inputs(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The inputs of all decisions; policies are taken to read everything."""
    seen: list[Any] = []
    service = policy.of(app)
    evaluate = service.evaluator.evaluate

    def watched(document: Any, *others: Any) -> Any:
        seen.append(json.loads(json.dumps(document)))
        return evaluate(document, *others)

    monkeypatch.setattr(service.evaluator, "evaluate", watched)
    monkeypatch.setattr(Serving, "reads", EVERYTHING)
    monkeypatch.setattr(Serving, "reads_about", lambda *_: EVERYTHING)
    yield seen


def test_every_input_is_valid(
    app: Flask,
    client: FlaskClient,
    world: World,
    harbour: Community,
    root: Person,
    put: Put,
    inputs: list[Any],
    validator: Any,
) -> None:
    put("risk", {"limits": {"*": 100}})
    put("device", {"required": [], "servers": ["*"]})
    put("quota", {"reserves": {"*": {"limiter": "message.send", "remaining": 0}}})
    put(
        "environment",
        {
            "load": {"*": 1e9},
            "error_rate": {"*": 1},
            "maintenance": ["*"],
            "emergency": ["*"],
        },
    )
    set_server_rules(client, harbour, access_hours=ALWAYS, blocked_networks=["10.0.0.0/8"])
    set_channel_rules(client, harbour.channel_id, harbour.owner, hours=ALWAYS)
    member = world.member(harbour)
    for answer in (
        manage(client, harbour, **{"X-Device-Token": "x"}),
        send(client, harbour.channel_id, member),
        administer(client, root, ip="2001:db8::1"),
    ):
        assert answer.status_code < 300, answer.text
    with app.app_context():
        permissions.decide(member.id, "message.send", "channel", harbour.channel_id, {"hour": 3})
    for document in inputs:
        validator.validate(document)
    assert {document["action"]["name"] for document in inputs} >= {
        "server.manage",
        "message.send",
        "admin.users",
    }
    whole = inputs[-1] | {}
    assert whole["context"].keys() == {"given", "time", "risk", "quota", "environment"}
    in_request = next(one for one in inputs if one["action"]["name"] == "message.send")
    known = {"ip", "user_agent", "method", "authenticated_at", "device", "risk"}
    assert in_request["context"].keys() >= known
    assert in_request["subject"].keys() == {
        "id",
        "clearance",
        "super_admin",
        "account_age_days",
        "roles",
    }


def test_a_node_shows_what_its_type_declares_and_no_server_that_has_its_number(
    app: Flask, world: World, harbour: Community, inputs: list[Any], validator: Any
) -> None:
    category = world.category(harbour, id=harbour.id)
    with app.app_context():
        permissions.register_permission("topic.read", scope="category", abac=True)
        permissions.decide(harbour.owner.id, "topic.read", "category", category)
        permissions.decide(harbour.owner.id, "server.manage", "server", harbour.id)
    topic, server = (one["resource"] for one in inputs)
    assert topic == {"scope": "category", "id": category}
    shown = {"time_zone": "UTC", "access_hours": None, "device_required": False}
    assert server["attributes"] == shown | {"blocked_networks": None}
    for document in inputs:
        validator.validate(document)


def test_an_input_is_judged_by_the_policies_that_it_was_made_for(
    app: Flask, harbour: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = InputBuilder.build

    def build_and_swap(*arguments: Any) -> Any:
        made = build(*arguments)
        policy.put_document("quota", {"reserves": {"server.*": WANTS_MUCH}}, "test")
        return made

    ask = partial(permissions.decide, harbour.owner.id, "server.manage", "server", harbour.id)
    with app.app_context():
        before = ask().policy_version
        monkeypatch.setattr(InputBuilder, "build", build_and_swap)
        found = ask()
        assert found.allowed and found.policy_version == before
        monkeypatch.setattr(InputBuilder, "build", build)
        found = ask()
        assert found.codes == ("quota_too_low",) and found.policy_version != before


def test_an_input_holds_what_its_permission_needs_and_one_that_is_kept_holds_all(
    app: Flask, harbour: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, seen, built = policy.of(app), list[Any](), list[Any]()
    evaluate, build = service.evaluator.evaluate, InputBuilder.build

    def watched(document: Any, *others: Any) -> Any:
        seen.append(document)
        return evaluate(document, *others)

    def counted(*arguments: Any) -> Any:
        built.append(build(*arguments))
        return built[-1]

    monkeypatch.setattr(service.evaluator, "evaluate", watched)
    monkeypatch.setattr(InputBuilder, "build", counted)
    ask = partial(
        permissions.decide, harbour.owner.id, "channel.read", "channel", harbour.channel_id, {}
    )
    with app.app_context():
        policy.reload()
        service.decisions.clear()
        kept = len(service.recent.latest())
        assert ask().allowed
        reduced, whole = (document for document, _ in built)
        assert seen == [reduced]
        assert [json.loads(text) for text in service.recent.latest()[kept:]] == [whole]
        assert ask().allowed
        assert len(built) == 3, "a decision that is kept already is made from no more than it needs"
    assert reduced["context"].keys() == {"given"} and whole["context"].keys() == {"given", "time"}
    assert reduced["resource"].keys() == {"scope", "id", "channel"} < whole["resource"].keys()
