"""The same bundle gives the same verdicts on regorus, on regopy, and on an OPA server."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.rooms.policies.conftest import MakeOpa
from tests.contract.rooms.policies.inputs import STRICT_DATA, Inputs, only
from tests.support.bundles import default_bundle, rules
from tests.support.require import LONG, TEST_ALL
from yoto.errors import PolicyError
from yoto.rooms.policies import CompiledPolicies, EmbeddedEngine, OpaEngine, PolicyEngine, Verdict
from yoto.rooms.policies.engine.embedded.library import library
from yoto.rooms.policies.partial import Topic

# For each of two sets of documents.
DEFAULT_INPUTS = 2000 if TEST_ALL else 800
CORPUS_INPUTS = 2000 if TEST_ALL else 500
ERROR = "no verdict"


def outcome(evaluate: Callable[[str], Any], text: str) -> Any:
    """The verdict as plain data; all errors count alike, since each is a deny."""
    try:
        verdict = evaluate(text)
    except PolicyError:
        return ERROR
    return verdict.allow, verdict.deny


def as_decided(compiled: CompiledPolicies) -> Callable[[str], Verdict]:
    """Evaluates as decisions are made: what can matter for the topic, with what that reads."""

    def evaluate(text: str) -> Verdict:
        document = json.loads(text)
        about = compiled.about(Topic.of(document))
        return about.evaluate(json.dumps(only(document, about.reads)))

    return evaluate


def texts(seed: int, count: int) -> list[str]:
    inputs = Inputs(seed)
    return [json.dumps(inputs.draw()) for _ in range(count)]


@pytest.fixture
def regorus() -> Iterator[PolicyEngine]:
    """The engine with which the others are compared."""
    made = EmbeddedEngine(library=library("regorus"))
    yield made
    made.close()


@pytest.fixture(params=[pytest.param("regopy", marks=LONG), "opa"])
def other(request: pytest.FixtureRequest, make_opa: MakeOpa) -> Iterator[PolicyEngine]:
    if request.param == "opa":
        yield make_opa(request.getfixturevalue("opa_server").url)
    else:
        made = EmbeddedEngine(library=library("regopy"))
        yield made
        made.close()


def agrees(engine: PolicyEngine, found: Any, expected: Any) -> bool:
    """Whether it is the same; regopy may raise an error, which denies, where others need not."""
    return found == expected or (found == ERROR and engine.runs_on.startswith("regopy"))


@pytest.mark.parametrize(
    "data", [pytest.param({}, marks=LONG), STRICT_DATA], ids=["default data", "strict data"]
)
def test_the_default_bundle_is_the_same_on_all_engines(
    regorus: PolicyEngine, other: PolicyEngine, data: dict[str, Any]
) -> None:
    reference, compared = (one.compile(default_bundle(data)) for one in (regorus, other))
    reduced = as_decided(reference)
    seen: Counter[Any] = Counter()
    different = 0

    # Regopy compiles what is left for a topic in some 100 ms.
    count = DEFAULT_INPUTS if isinstance(other, OpaEngine) else DEFAULT_INPUTS // 4
    for text in texts(len(data), count):
        expected = outcome(reference.evaluate, text)
        found = outcome(compared.evaluate, text)
        assert agrees(other, found, expected), text
        assert outcome(reduced, text) == expected, text
        assert agrees(other, outcome(as_decided(compared), text), expected), text
        seen[expected] += 1
        different += found != expected

    # A comparison of nothing but one denial would compare nothing.
    assert any(one != ERROR and one[0] for one in seen)
    assert len(seen) > 50, seen.most_common(10)
    assert different < count / 50


CORPUS = {
    "negation": """
deny contains "type" if not is_string(input.action.name)
deny contains "in" if not input.resource.scope in {"server", "channel"}
deny contains "more" if not input.subject.clearance > 2
deny contains "sum" if not input.subject.clearance + 1 == 3
deny contains "nested" if { not f(lower(input.action.name)); not input.context.device.registered }
f(x) if startswith(x, "message")
""",
    "equality": """
deny contains "eq" if input.subject.clearance == input.resource.channel.sensitivity
deny contains "ne" if input.subject.clearance != input.resource.channel.sensitivity
deny contains "false" if input.context.device.registered == false
deny contains "null" if input.subject.emergency == null
deny contains "zero" if input.context.risk.score == 0
deny contains "empty" if input.context.ip == ""
""",
    "defaults": """
default level := 9
level := input.subject.clearance if is_number(input.subject.clearance)
deny contains "level" if level > 3
kind := "a" if input.resource.scope == "server" else := "b" if input.resource.scope else := "c"
deny contains kind
default odd(_) := false
odd(x) if x % 2 == 1
deny contains "odd" if odd(input.subject.clearance)
""",
    "collections": """
names contains name if { is_array(input.action.names); some name in input.action.names }
deny contains "every" if { every name in names { is_string(name) } }
deny contains "some" if { some name in names; name == "*" }
deny contains "count" if count({name | some name in names}) > 2
deny contains "get" if object.get(input.resource, ["server", "id"], 0) == 2
deny contains "keys" if { some key, value in context; key == "ip"; value }
context := input.context if is_object(input.context)
deny contains "union" if "x" in ({"x"} | names)
deny contains sprintf("n:%d", [count(input.action.names)])
""",
    "text": """
deny contains "glob" if glob.match("message.*", ["."], input.action.name)
deny contains "regex" if regex.match(`^[a-z]+\\.[a-z]+$`, input.action.name)
deny contains "split" if split(input.action.name, ".")[0] == "server"
deny contains "concat" if concat("-", input.action.names) == "*"
deny contains "replace" if replace(input.action.name, ".", "") == "memberban"
deny contains "order" if input.action.name < "b"
""",
    "numbers": """
deny contains "division" if 10 / input.subject.clearance > 4
deny contains "rounded" if round(input.context.risk.score) == 60
deny contains "number" if to_number(input.resource.scope) == 0
""",
    "order of types": """
deny contains "text" if input.context.risk.score >= "a"
deny contains "number" if input.context.ip < 50
deny contains "null" if not input.subject.emergency > null
deny contains "true" if input.context.device.registered <= true
deny contains "each other" if input.subject.clearance < input.action.name
""",
    "order": """
deny contains "minimum" if min([input.subject.clearance, input.context.risk.score]) < 1
deny contains "sort" if sort([input.context.risk.score, input.context.ip])[0] == input.context.ip
""",
    "time": """
deny contains time.weekday(input.context.time * 1000000000)
deny contains "late" if time.clock([input.context.time * 1000000000, "Asia/Tokyo"])[0] > 20
""",
    "network": """
deny contains "inside" if net.cidr_contains("10.0.0.0/8", input.context.ip)
deny contains "outside" if not net.cidr_contains("10.0.0.0/8", input.context.ip)
""",
}


@pytest.mark.parametrize("name", CORPUS)
def test_a_corpus_of_rules_is_the_same_on_all_engines(
    regorus: PolicyEngine, other: PolicyEngine, name: str
) -> None:
    bundle = rules(CORPUS[name])
    if name == "order" and other.runs_on.startswith("regopy"):
        with pytest.raises(PolicyError, match="line 4, column 28: min is not a function"):
            other.compile(bundle)
        return
    reference, compared = regorus.compile(bundle), other.compile(bundle)

    for text in texts(7, CORPUS_INPUTS // len(CORPUS)):
        expected = outcome(reference.evaluate, text)
        assert agrees(other, outcome(compared.evaluate, text), expected), text
        assert outcome(as_decided(reference), text) == expected, text
        assert agrees(other, outcome(as_decided(compared), text), expected), text
