"""Without policies, whatever they would judge is denied, and nothing is allowed that they deny."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.resources import declare_types
from tests.support.examples import drawn
from tests.unit.yoto.permission.checking.test_one_way import written
from tests.unit.yoto.permission.conftest import PERMISSIONS, STORED, FakeSource
from yoto.permission import PermissionSystem, PolicyAnswer, PolicyQuestion
from yoto.permission.registry.registry import PermissionRegistry
from yoto.permission.registry.scopes import Place
from yoto.permission.state import EXTENSION, PermissionState
from yoto.permission.verdict.abac import POLICIES_OFF, JudgedPlaces

NAMES = sorted(PERMISSIONS)
PLACE = Place("channel", 3)
WHERE = PLACE.kind, PLACE.id
USER = 2

names = st.sampled_from(NAMES)
trees = st.recursive(
    names,
    lambda inner: st.one_of(
        st.tuples(st.just("NOT"), inner),
        st.tuples(st.sampled_from(("AND", "OR")), inner, inner),
    ),
    max_leaves=5,
)
answers = st.one_of(
    st.just(PolicyAnswer(True, "ok")),
    st.just(PolicyAnswer(False, "too_late")),
    st.just(PolicyAnswer(False, "missing:x", reasons=("missing:x",))),
    st.just(PolicyAnswer(False, "policy_error", failed=True)),
    st.just(PolicyAnswer(False, "missing:y", failed=True, unread=True)),
    st.just(RuntimeError("no verdict")),
)
contexts = st.sampled_from((None, {}, {"ip": "192.0.2.1"}))
system = PermissionSystem()


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("without policies")
    declare_types(app)
    system.init_app(app)
    return app


def verdicts(tree: Any, context: Any) -> dict[str, bool]:
    """By each way to ask, and each permission."""
    found = {}
    for name in NAMES:
        found[f"decide {name}"] = system.decide(USER, name, *WHERE, context=context).allowed
        found[f"check {name}"] = system.check_permission(USER, name, *WHERE, context=context)
        found[f"batch {name}"] = system.batch_check_permissions([USER], name, *WHERE).get(
            USER, False
        )
    many = system.check_many(USER, [(name, *WHERE) for name in NAMES])
    found |= {f"many {name}": one for name, one in zip(NAMES, many, strict=True)}
    expression = written(tree)
    found[expression] = system.decide_expression(USER, expression, *WHERE, context=context).allowed
    return found


@drawn(200)
@given(
    st.sets(names),
    st.sets(names),
    st.sets(names),
    st.booleans(),
    st.fixed_dictionaries({name: answers for name in NAMES}),
    trees,
    contexts,
)
def test_switching_policies_off_never_allows_what_was_denied(
    app: Flask,
    held: set[str],
    marked: set[str],
    lenient: set[str],
    somewhere: bool,
    answered: dict[str, Any],
    tree: Any,
    context: Any,
) -> None:
    asked: list[str] = []

    def judge(question: PolicyQuestion) -> PolicyAnswer:
        asked.append(question.permission)
        answer = answered[question.permission]
        if isinstance(answer, Exception):
            raise answer
        found: PolicyAnswer = answer
        return found

    stored = [
        replace(
            one,
            abac=one.name in marked,
            judged=False,
            on_policy_error="rbac" if one.name in lenient else "deny",
        )
        for one in STORED
    ]
    state: PermissionState = app.extensions[EXTENSION]
    state.registry = PermissionRegistry(lambda: list(stored), judged=["message.send"])
    state.source = FakeSource()
    state.source.give(USER, *held)
    state.judged = JudgedPlaces(
        "channel",
        frozenset({"message.send"}),
        lambda at: somewhere,
        lambda among: frozenset(among if somewhere else ()),
        None,  # type: ignore[arg-type]
    )
    with app.app_context():
        state.policy = judge
        on = verdicts(tree, context)
        state.policy = None
        off = verdicts(tree, context)
    assert [way for way, allowed in off.items() if allowed and not on[way]] == []
    # The answer for a permission that no policy was asked about is as it was.
    for name in set(NAMES).difference(asked):
        assert off[f"many {name}"] == on[f"many {name}"]


@pytest.mark.parametrize("setting", ["deny", "rbac"])
def test_what_policies_would_judge_is_denied_for_that_reason(app: Flask, setting: str) -> None:
    stored = [replace(one, on_policy_error=setting) for one in STORED]
    state: PermissionState = app.extensions[EXTENSION]
    state.registry, state.policy = PermissionRegistry(lambda: list(stored)), None
    state.source = FakeSource()
    state.source.give(USER, "vault.open", "message.send")
    ways: list[Callable[[], Any]] = [
        lambda: system.decide(USER, "vault.open", *WHERE),
        lambda: system.decide(USER, "message.send", *WHERE, context={}),
        lambda: system.decide_expression(USER, "message.send AND NOT vault.open", *WHERE),
        lambda: system.decide_expression(USER, "vault.open OR message.send", *WHERE),
    ]
    with app.app_context():
        found = [ask() for ask in ways]
    assert [(one.allowed, one.reason) for one in found] == [(False, POLICIES_OFF)] * len(ways)
