from __future__ import annotations

import json

import pytest

from tests.support.bundles import rules
from tests.unit.yoto.rooms.policies.engine.test_deadline import LOOPING
from yoto.errors import PolicyError
from yoto.rooms.policies.rego.parser import syntax_of
from yoto.rooms.policies.sandbox.running import SandboxLimits, run_in_sandbox
from yoto.rooms.policies.sandbox.synthetic import inputs_for


def made(body: str, *recorded: str) -> list[object]:
    return [json.loads(one) for one in inputs_for(syntax_of(rules(body).modules), recorded)]


def test_all_conditions_of_a_rule_hold_in_its_input() -> None:
    body = (
        'deny contains "a" if { input.r.id == 7; input.r.scope in {"server"}; input.n > 4; '
        '2 > input["m"]; input.on == true }'
    )

    assert made(body) == [{"r": {"id": 7, "scope": "server"}, "n": 5, "m": 1, "on": True}]


def test_what_is_to_differ_differs() -> None:
    body = (
        'deny contains "a" if { input.t != "x"; input.n != 3; input.on != true; '
        'input.e == "y"; input.e != "x" }'
    )

    assert made(body) == [{"t": "not x", "n": 4, "on": "not True", "e": "y"}]


def test_what_is_not_asked_for_is_as_it_was_recorded() -> None:
    body = 'deny contains "a" if input.r.id == 7\nx if input.y'

    assert made(body, '{"r": {"id": 1, "s": 2}, "y": 3}') == [{"r": {"id": 7, "s": 2}, "y": 3}]


def test_a_policy_that_loops_for_one_input_alone_is_refused() -> None:
    with pytest.raises(PolicyError, match="more than 1 s of processor time"):
        run_in_sandbox("rules", rules(LOOPING), ["{}"], SandboxLimits(cpu_seconds=1))
