"""The rest of a set of policies for a topic, and that it says the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.bundles import MAIN, rules
from yoto.rooms.policies import Bundle, EmbeddedEngine
from yoto.rooms.policies.partial import Divided, NotDivisible, Residual, Topic
from yoto.rooms.policies.rego.parser import syntax_of

SEND = Topic("message.send", ("*", "message.*", "message.send"), "channel")


@pytest.fixture
def engine() -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine()
    yield made
    made.close()


def left(body: str, holds: bool | None = False) -> str:
    """The rest of the rules, where each guard that is asked for ``holds``."""
    bundle = rules(body)
    residual = residual_of(bundle, holds)
    lines = residual.modules["rules"].splitlines()
    return "\n".join(line for line in lines[1:] if line.strip())


def residual_of(bundle: Bundle, holds: bool | None = False) -> Residual:
    return Divided(bundle.modules, syntax_of(bundle.modules)).reduce(lambda rule: holds)


def test_a_rule_that_cannot_hold_is_left_out_with_what_only_it_needs() -> None:
    body = """
deny contains "late" if {
    "message.send" in data.listed
    late
}

late if input.context.time > 9

deny contains "muted" if input.subject.muted"""
    assert left(body) == 'deny contains "muted" if input.subject.muted'
    residual = residual_of(rules(body))
    assert residual.reads == {"subject.muted"}
    lines = [one["rules"].split("\n") for one in (rules(body).modules, residual.modules)]
    assert len(lines[0]) == len(lines[1]), "messages of the engine name the same lines"


def test_a_line_that_holds_is_left_out_unless_others_need_its_variables() -> None:
    body = """
deny contains "late" if {
    some name in input.action.names
    name in data.listed
    some limit in data.limits
    input.context.time > limit
}"""
    assert left(body, holds=True).split("\n") == [
        'deny contains "late" if {',
        "    true",
        "    true",
        "    some limit in data.limits",
        "    input.context.time > limit",
        "}",
    ]


def test_what_could_not_be_found_out_stays() -> None:
    body = """
deny contains "late" if {
    data.listed[0] == "message.send"
    input.context.time > 9
}"""
    assert left(body, holds=None) == body.strip()


def test_what_follows_from_a_rule_that_cannot_hold_cannot_hold_either() -> None:
    body = """
judged if {
    data.listed == 1
    not input.context.open
}
deny contains "a" if {
    judged
    input.context.time > 9
}
deny contains "b" if {
    count(found) > 0
    input.context.time > 9
}
found contains 1 if {
    data.listed == 2
    input.context.time
}
deny contains "c" if not judged"""
    left_over = left(body)
    assert '"a"' not in left_over and '"b"' not in left_over
    assert residual_of(rules(body)).reads == frozenset()


@pytest.mark.parametrize(
    "body",
    [
        # An error comes first: the whole set raises it, too.
        'deny contains "a" if {\n\tto_number(input.x) > 1\n\tdata.listed\n}',
        'deny contains "a" if {\n\ty := data.listed\n\ty == 1\n\tx := to_number(input.x)\n\tx\n}',
        'deny contains "a" if {\n\tinput.x + 1 == 2\n\tdata.listed\n}',
        'deny contains "a" if {\n\tf(input.x)\n\tdata.listed\n}\nf(x) if startswith(x, "a")',
        # A clock goes on.
        'deny contains "a" if {\n\ttime.now_ns() > 1\n\tinput.x\n}',
        # A variable of the rule is called as a rule.
        'deny contains "a" if {\n\tnames := data.listed\n\tnames[0]\n\tinput.x\n}\nnames := {1}',
        # Functions are told nothing of the topic by their callers.
        'deny contains "a" if f(input.x)\nf(x) if {\n\tdata.listed\n\tx\n}',
        'deny contains "a" if f(input.x) == 2\nf(x) := 1 if data.listed else := 2',
    ],
)
def test_what_is_not_certain_stays(body: str) -> None:
    kept = left(body)
    assert kept.startswith(body.split("\n", 1)[0]) and kept.count("\n") >= body.count("\n") - 1


@pytest.mark.parametrize(
    "body",
    [
        'deny contains "a" if b with input.x as 1\nb if input.x',
        'deny contains "a" if some rule, _ in data.yoto.authz',
        'deny contains "a" if data[input.x]',
        'deny contains "a" if data.yoto.authz[input.x]',
        'deny contains "yoto_guard_0" if input.x',
    ],
)
def test_a_set_that_looks_at_its_own_rules_is_evaluated_as_it_is(body: str) -> None:
    with pytest.raises(NotDivisible):
        residual_of(rules(body))


def test_one_that_looks_at_the_whole_input_gets_the_whole_input() -> None:
    body = 'deny contains key if some key, _ in input\ndeny contains "b" if input.x'
    assert residual_of(rules(body)).reads == {"*"}


def test_texts_beyond_ascii_move_nothing() -> None:
    body = """# für 所有人
deny contains "ü" if {
    input.x == "所"
    data.listed == "é"
}
deny contains "ö" if input.y"""
    assert left(body) == '# für 所有人\ndeny contains "ö" if input.y'


def test_engines_give_topics_with_the_same_rest_one_set(engine: EmbeddedEngine) -> None:
    compiled = engine.compile(
        rules('deny contains "a" if {\n\tinput.action.name == "x"\n\tinput.y\n}')
    )
    x, send = compiled.about(Topic("x", ("x",), "global")), compiled.about(SEND)
    assert x is not send and compiled.about(SEND) is send
    assert compiled.about(Topic("other", ("other",), "server")) is send
    assert x.reads == {"y"} and send.reads == frozenset()
    assert compiled.about(None) is compiled


def test_a_set_that_is_not_divisible_is_its_own_rest(engine: EmbeddedEngine) -> None:
    compiled = engine.compile(rules('deny contains "a" if b with input.x as 1\nb if input.x'))
    assert compiled.about(SEND) is compiled


def test_a_fault_of_the_analysis_leaves_the_whole_set(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise LookupError("a fault")

    monkeypatch.setattr(Divided, "reduce", fail)
    compiled = engine.compile(rules('deny contains "a" if input.x'))
    assert compiled.about(SEND) is compiled
    assert "a fault" in caplog.text
    assert not compiled.about(SEND).evaluate('{"x": true}').allow


def test_what_was_found_out_about_a_topic_stays_when_another_one_fails(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = engine.compile(rules('deny contains "a" if input.x'))
    known = compiled.about(SEND)
    monkeypatch.setattr(Divided, "reduce", lambda *_: 1 / 0)
    assert compiled.about(SEND._replace(name="message.pin")) is compiled
    assert compiled.about(SEND) is known is not compiled


def test_a_set_that_is_not_divisible_makes_no_decision_wait(engine: EmbeddedEngine) -> None:
    compiled = engine.compile(rules('deny contains "a" if b with input.x as 1\nb if input.x'))
    assert compiled.about(SEND) is compiled
    with compiled._reducing:
        assert compiled.about(SEND._replace(name="message.pin")) is compiled


def test_a_closed_set_keeps_nothing(engine: EmbeddedEngine) -> None:
    bundle = Bundle({"main": MAIN, "rules": 'package yoto.authz\n\ndeny contains "a" if input.x\n'})
    compiled = engine.compile(bundle)
    compiled.about(SEND)
    assert engine.owner.run(len) > 1
    compiled.close()
    assert engine.owner.run(len) == 0
