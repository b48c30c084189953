"""The rest for a topic says what the whole set says, of a reduced input as of a whole one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from tests.contract.rooms.policies.inputs import STRICT_DATA, Inputs, only
from tests.support.bundles import default_bundle, rules
from tests.support.examples import drawn
from tests.support.require import TEST_ALL
from yoto.errors import PolicyError
from yoto.rooms.policies import EmbeddedEngine
from yoto.rooms.policies.engine.protocol import CompiledPolicies, Decider
from yoto.rooms.policies.partial import Topic

DEFAULT_INPUTS = 400 if TEST_ALL else 150


@pytest.fixture(scope="module")
def engine() -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine()
    yield made
    made.close()


def outcome(policies: Decider, document: Any) -> Any:
    try:
        verdict = policies.evaluate(json.dumps(document))
    except PolicyError:
        return "no verdict"
    return verdict.allow, verdict.deny


def check(compiled: CompiledPolicies, document: dict[str, Any]) -> Any:
    """Compare; gives what the whole set says."""
    about = compiled.about(Topic.of(document))
    expected = outcome(compiled, document)
    assert outcome(about, document) == expected, document
    assert outcome(about, only(document, about.reads)) == expected, document
    return expected


@pytest.mark.parametrize("data", [{}, STRICT_DATA], ids=["default data", "strict data"])
def test_of_the_default_bundle(engine: EmbeddedEngine, data: dict[str, Any]) -> None:
    compiled, inputs = engine.compile(default_bundle(data)), Inputs(5)
    seen = {str(check(compiled, inputs.draw())) for _ in range(DEFAULT_INPUTS)}
    assert len(seen) > 30


@pytest.mark.parametrize("document", ["hours", "network", "device", "environment", "emergency"])
@pytest.mark.parametrize("odd", [None, 3, "x", [], {}])
def test_of_the_default_bundle_with_an_odd_document(
    engine: EmbeddedEngine, document: str, odd: Any
) -> None:
    compiled, inputs = engine.compile(default_bundle({**STRICT_DATA, document: odd})), Inputs(9)
    for _ in range(15):
        check(compiled, inputs.draw())


# Lines of bodies: constant for a topic or not; that bind variables, need them, or raise errors.
LINES = [
    '"message.send" in input.action.names',
    "some name in input.action.names",
    "some name in names",
    "limit := data.limits[name]",
    "data.limits[input.action.name] > 1",
    'input.resource.scope == "channel"',
    'not input.resource.scope == "server"',
    "not constant",
    "constant",
    "count(names) > 2",
    'startswith(input.action.name, "admin")',
    "to_number(input.resource.scope) == 1",
    "every one in names { is_string(one) }",
    "data.missing",
    "limit > 2",
    "level > limit",
    'startswith(name, "server")',
    "input.subject.clearance == level",
    "level := input.subject.clearance",
    "level := to_number(input.subject.clearance)",
    "is_number(input.subject.clearance)",
    "input.context.time > 1790000000",
    "not moving",
    "moving",
    "to_number(input.subject.clearance) > 1",
    "some key, _ in input.context",
    'key == "ip"',
    "f(input.subject.clearance)",
    "f(limit)",
    "[name, level] := input.context.ip",
    "count(found) > 0",
    '"a" in found',
    "some other in found",
    "other == name",
    "every one in found { one == name }",
    "count({one | some one in names; one == name}) == 1",
]
BINDS = re.compile(r"^some (\w+)|^(\w+) :=|^\[(\w+), (\w+)\] :=")
VARIABLES = {"name", "limit", "level", "key", "other"}
BODIES = st.lists(st.sampled_from(LINES), min_size=1, max_size=6)
HEADS = (
    'deny contains "a"',
    'deny contains "b"',
    "constant",
    "moving",
    'found contains "a"',
    'found contains "b"',
)
ALWAYS = """
names contains name if { is_array(input.action.names); some name in input.action.names }
f(x) if x > 2
f(x) if x == 1
constant if data.limits["server.*"]
moving if input.context.device.registered
default given := false
given if { moving; input.subject.id == 1 }
found contains "c" if input.context.ip == "::1"
deny contains "d" if { given; constant }
"""


def body_of(lines: list[str]) -> str:
    """The lines that can stand there: each variable has a value before, and gets it once."""
    bound: set[str] = set()
    kept: list[str] = []
    for line in lines:
        match = BINDS.match(line)
        binds = {one for one in match.groups() if one} if match else set()
        needs = (VARIABLES & set(re.findall(r"\w+", line))) - binds
        if needs <= bound and not binds & bound:
            kept.append(line)
            bound |= binds
    return "\n".join(kept or ["true"])


@drawn(150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(HEADS), BODIES), min_size=1, max_size=5),
    st.dictionaries(st.sampled_from(["*", "server.*", "message.send"]), st.integers(0, 3)),
    st.integers(0, 10**6),
)
def test_of_any_set_of_rules(
    engine: EmbeddedEngine,
    bodies: list[tuple[str, list[str]]],
    limits: dict[str, int],
    seed: int,
) -> None:
    text = "\n".join(f"{head} if {{\n{body_of(body)}\n}}" for head, body in bodies)
    try:
        compiled = engine.compile(rules(ALWAYS + text, limits=limits))
    except PolicyError as error:
        # Such a set is never in service.
        assume("recursion" not in error.reason)
        raise
    inputs = Inputs(seed)
    for _ in range(10):
        check(compiled, inputs.draw())
    compiled.close()
