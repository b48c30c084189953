"""The same bundle gives the same verdicts on regorus, on an OPA server, and on regopy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import regopy

from tests.contract.policy.conftest import MakeOpa
from tests.contract.policy.inputs import STRICT_DATA, Inputs, only
from tests.support.bundles import default_bundle, rules
from tests.support.opa import OpaServer
from yoto.errors import PolicyError
from yoto.policy import Bundle, CompiledPolicies, EmbeddedEngine, PolicyEngine, Verdict
from yoto.policy.partial import Topic

# For each of two sets of documents.
DEFAULT_INPUTS = 2000
CORPUS_INPUTS = 2000
ERROR = "no verdict"

# What it lacks is silently undefined there, and it orders values of different types otherwise than
# the language says: there it has no say.
NOT_FOR_REGOPY = {"time", "network", "order of types"}


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
def engines(
    opa_server: OpaServer, make_opa: MakeOpa
) -> Iterator[tuple[PolicyEngine, PolicyEngine]]:
    embedded = EmbeddedEngine()
    yield embedded, make_opa(opa_server.url)
    embedded.close()


@pytest.mark.parametrize("data", [{}, STRICT_DATA], ids=["default data", "strict data"])
def test_the_default_bundle_is_the_same_on_both_engines(
    engines: tuple[PolicyEngine, PolicyEngine], data: dict[str, Any]
) -> None:
    embedded, opa = (engine.compile(default_bundle(data)) for engine in engines)
    reduced = as_decided(embedded)
    seen: Counter[Any] = Counter()

    for text in texts(len(data), DEFAULT_INPUTS):
        expected = outcome(embedded.evaluate, text)
        assert outcome(opa.evaluate, text) == expected, text
        assert outcome(reduced, text) == expected, text
        seen[expected] += 1

    # A comparison of nothing but one denial would compare nothing.
    assert any(one != ERROR and one[0] for one in seen)
    assert len(seen) > 50, seen.most_common(10)


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
deny contains "minimum" if min([input.subject.clearance, input.context.risk.score]) < 1
""",
    "order of types": """
deny contains "order" if input.context.risk.score >= "a"
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
def test_a_corpus_of_rules_is_the_same_on_both_engines(
    engines: tuple[PolicyEngine, PolicyEngine], name: str
) -> None:
    embedded, opa = (engine.compile(rules(CORPUS[name])) for engine in engines)

    for text in texts(7, CORPUS_INPUTS // len(CORPUS)):
        expected = outcome(embedded.evaluate, text)
        assert outcome(opa.evaluate, text) == expected, text
        assert outcome(as_decided(embedded), text) == expected, text


@pytest.mark.parametrize("name", [name for name in CORPUS if name not in NOT_FOR_REGOPY])
def test_regopy_has_the_same_opinion_of_the_corpus(name: str) -> None:
    bundle = rules(CORPUS[name])
    with_regopy, engine = SecondOpinion(bundle), EmbeddedEngine()
    compiled = engine.compile(bundle)

    for text in texts(11, CORPUS_INPUTS // len(CORPUS)):
        expected = outcome(compiled.evaluate, text)
        # Its errors inside builtins are undefined: only where there are none, it is comparable.
        if expected != ERROR:
            assert with_regopy.evaluate(text) == expected, text
    engine.close()


class SecondOpinion:
    """A bundle on regopy."""

    def __init__(self, bundle: Bundle) -> None:
        self._interpreter = regopy.Interpreter()
        for name, source in bundle.modules.items():
            self._interpreter.add_module(name, source)
        self._interpreter.add_data_json(bundle.data_json)

    def evaluate(self, text: str) -> tuple[bool, tuple[str, ...]]:
        self._interpreter.set_input_term(text)
        answer = json.loads(str(self._interpreter.query("data.yoto.authz.decision")))
        value = answer["expressions"][0]
        return value["allow"], tuple(sorted(value["deny"]))
