"""Promises that hold on every engine."""

from __future__ import annotations

import json
import threading

import pytest

from tests.support.bundles import MAIN, default_bundle, rules
from yoto.errors import PolicyError
from yoto.permission import Way
from yoto.rooms.policies import Bundle, PolicyEngine, Verdict

NETWORKS = rules(
    'deny contains "blocked" if {\n\tsome cidr in data.network.block\n'
    "\tnet.cidr_contains(cidr, input.ip)\n}\n"
    'deny contains "one" if input.x == 1',
    "test_other if authz.decision.allow with input as {}\n"
    'test_wrong if authz.decision.allow with input as {"x": 1}\n'
    "test_data if {\n\tnot authz.decision.allow with data.network.block as "
    '["9.0.0.0/8"] with input.ip as "9.1.1.1"\n}',
    network={"block": ["10.0.0.0/8"]},
)

PRESENT = """
deny contains "is_false" if input.value == false
deny contains "is_zero" if input.value == 0
deny contains "is_null" if input.value == null
deny contains "is_empty" if input.value == ""
deny contains "is_one" if input.value == 1
deny contains "is_true" if input.value == true
deny contains "is_missing" if not has
has if "value" in object.keys(input)
"""


def test_a_verdict_has_all_codes_in_order(engine: PolicyEngine) -> None:
    compiled = engine.compile(NETWORKS)

    assert compiled.evaluate('{"ip": "10.1.1.1", "x": 1}') == Verdict(False, ("blocked", "one"))
    assert compiled.evaluate('{"ip": "11.1.1.1", "x": 2}') == Verdict(True, ())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"value": false}', "is_false"),
        ('{"value": 0}', "is_zero"),
        ('{"value": null}', "is_null"),
        ('{"value": ""}', "is_empty"),
        ('{"value": 1}', "is_one"),
        ('{"value": true}', "is_true"),
        ("{}", "is_missing"),
    ],
)
def test_false_zero_null_empty_and_missing_are_kept_apart(
    engine: PolicyEngine, text: str, code: str
) -> None:
    assert engine.compile(rules(PRESENT)).evaluate(text).deny == (code,)


BY_WHAT = """
deny contains "public_link" if every way in input.via { way.subject.kind == "public" }

deny contains "screen_only" if {
    some way in input.via
    way.attributes.screen
}

deny contains "ends_soon" if {
    every way in input.via {
        is_number(way.until)
        way.until < 100
    }
}

deny contains "cut_off" if input.via_count > count(input.via)
"""


@pytest.mark.parametrize(
    ("ways", "codes"),
    [
        ([Way("assignment", "x", "public", 9, "reader", ends=200.0)], ("public_link",)),
        (
            [
                Way("assignment", "x", "public", 9, "reader", ends=50.0),
                Way("assignment", "x", "team", 9, "reader", 5, ends=60.5),
            ],
            ("ends_soon",),
        ),
        (
            [
                Way("assignment", "x", "public", 9, "reader"),
                Way("assignment", "x", "person", 9, "reader", attributes={"screen": True}),
            ],
            ("screen_only",),
        ),
        ([Way("owner", "x", "person", node="document:3")], ()),
        ([Way("owner", "x", "person")] * 21, ("cut_off",)),
    ],
)
def test_rules_about_what_a_right_came_by(
    engine: PolicyEngine, ways: list[Way], codes: tuple[str, ...]
) -> None:
    asked = {"via": [way.document() for way in ways[:20]], "via_count": len(ways)}
    verdict = engine.compile(rules(BY_WHAT)).evaluate(json.dumps(asked))

    assert verdict == Verdict(not codes, codes)


@pytest.mark.parametrize(
    "decision",
    [
        'decision := {"allow": 1, "deny": []}',
        'decision := {"allow": "true", "deny": []}',
        'decision := {"allow": null, "deny": []}',
        'decision := {"allow": true, "deny": "none"}',
        'decision := {"allow": true, "deny": [false]}',
        'decision := {"allow": true}',
        'decision := {"allow": true, "deny": [], "more": 1}',
        "decision := true",
        "decision := null",
        'decision := {"allow": true, "deny": []} if input.never',
    ],
)
def test_a_value_of_another_shape_is_no_verdict(engine: PolicyEngine, decision: str) -> None:
    compiled = engine.compile(Bundle({"main": f"package yoto.authz\n\n{decision}\n"}))

    with pytest.raises(PolicyError):
        compiled.evaluate("{}")


def test_a_deny_overrides_an_allow(engine: PolicyEngine) -> None:
    bundle = Bundle({"main": 'package yoto.authz\n\ndecision := {"allow": true, "deny": ["a"]}\n'})

    assert engine.compile(bundle).evaluate("{}") == Verdict(False, ("a",))


@pytest.mark.parametrize(
    "error",
    [
        "1 / input.zero > 0",
        "not 1 / input.zero > 0",
        'not net.cidr_contains("nonsense", "10.0.0.1")',
        "to_number(input.word) == 1",
        "not array.concat([], input.word) == []",
        'not startswith(input.zero, "x")',
    ],
)
def test_an_error_inside_a_policy_is_no_verdict_and_names_the_place(
    engine: PolicyEngine, error: str
) -> None:
    compiled = engine.compile(rules(f'deny contains "a" if {{\n\tinput.word\n\t{error}\n}}'))

    with pytest.raises(PolicyError) as raised:
        compiled.evaluate('{"zero": 0, "word": "word"}')
    # Regopy does not say where.
    if not engine.runs_on.startswith("regopy"):
        assert "line 5, column" in raised.value.reason
        assert raised.value.policy == "rules"


def test_an_error_does_not_disturb_the_next_evaluation(engine: PolicyEngine) -> None:
    compiled = engine.compile(rules('deny contains "a" if 1 / input.x > 0'))

    with pytest.raises(PolicyError):
        compiled.evaluate('{"x": 0}')
    assert compiled.evaluate('{"x": 1}') == Verdict(False, ("a",))
    assert compiled.evaluate('{"x": -1}') == Verdict(True, ())


@pytest.mark.parametrize(
    "text", ["", "{", "nonsense", '{}, "input": {}', '{"x": NaN}', r'{"x": "\ud800"}']
)
def test_an_input_that_is_no_json_is_refused(engine: PolicyEngine, text: str) -> None:
    compiled = engine.compile(NETWORKS)

    with pytest.raises(PolicyError) as raised:
        compiled.evaluate(text)
    assert raised.value.policy == "input"


@pytest.mark.parametrize(
    ("source", "place", "message"),
    [
        ("package yoto.authz\n\nx := data.nowhere.f(1)", "line 3, column 6", "data.nowhere.f"),
        ("package yoto.authz\n\nx := json.sort([], [])", "line 3, column 6", "json.sort"),
        ('package yoto.authz\n\nx := http.send({"url": "a"})', "line 3, column 6", "http.send"),
        ("package yoto.authz\n\nx if y == 1", "line 3, column 6", "unsafe"),
        ("package yoto.authz\n\nx := }", "line 3, column 6", ""),
        ("package other", "line 1, column 9", "yoto.authz"),
    ],
)
def test_a_policy_that_does_not_compile_is_refused_with_its_place(
    engine: PolicyEngine, source: str, place: str, message: str
) -> None:
    with pytest.raises(PolicyError, match=place) as raised:
        engine.compile(Bundle({"bad": source, "main": MAIN}))
    assert raised.value.policy == "bad"
    assert message in raised.value.reason


def test_modules_may_call_functions_of_later_ones(engine: PolicyEngine) -> None:
    bundle = Bundle(
        {
            "a": MAIN,
            "b": 'package yoto.authz\n\ndeny contains "b" if data.yoto.authz.z.odd(input.x)\n',
            "c": "package yoto.authz.z\n\nodd(x) if x % 2 == 1\n",
        }
    )

    assert engine.compile(bundle).evaluate('{"x": 3}').deny == ("b",)


def test_rego_tests_tell_which_hold(engine: PolicyEngine) -> None:
    report = engine.compile(NETWORKS).run_tests()

    if engine.runs_on.startswith("regopy"):
        # Each of them replaces input or data.
        assert (report.passed, report.failed, len(report.skipped)) == ((), (), 3)
        return
    assert report.passed == (
        "rules: yoto.authz_test.test_data",
        "rules: yoto.authz_test.test_other",
    )
    assert [failure.name for failure in report.failed] == ["rules: yoto.authz_test.test_wrong"]


def test_the_default_bundle_passes_its_own_tests(engine: PolicyEngine) -> None:
    report = engine.compile(default_bundle()).run_tests()

    assert report.ok, report.failed
    assert len(report.passed) + len(report.skipped) > 50
    assert not report.skipped or engine.runs_on.startswith("regopy")


def test_two_versions_stand_side_by_side(engine: PolicyEngine) -> None:
    old = engine.compile(rules("deny contains data.words.one if true", words={"one": "old"}))
    new = engine.compile(rules("deny contains data.words.one if true", words={"one": "new"}))

    assert old.version != new.version
    assert (old.evaluate("{}").deny, new.evaluate("{}").deny) == (("old",), ("new",))
    old.close()
    assert new.evaluate("{}").deny == ("new",)


def test_closing_one_of_two_alike_leaves_the_other(engine: PolicyEngine) -> None:
    first, second = engine.compile(NETWORKS), engine.compile(NETWORKS)

    first.close()

    assert second.evaluate("{}") == Verdict(True, ())


def test_threads_share_what_is_compiled(engine: PolicyEngine) -> None:
    compiled = engine.compile(NETWORKS)
    wrong: list[object] = []

    def ask(x: int) -> None:
        for number in range(50):
            value = (x + number) % 2
            verdict = compiled.evaluate(json.dumps({"x": value}))
            if verdict.allow != (value == 0):
                wrong.append(verdict)

    threads = [threading.Thread(target=ask, args=(x,)) for x in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong


def test_an_engine_that_was_closed_opens_again(engine: PolicyEngine) -> None:
    compiled = engine.compile(NETWORKS)
    engine.close()

    assert compiled.evaluate('{"x": 1}').deny == ("one",)


def test_health_is_ok_while_it_answers(engine: PolicyEngine) -> None:
    health = engine.health()

    assert health.state == "ok", health
    assert health.latency_ms is not None


def test_what_the_policies_read_is_known(engine: PolicyEngine) -> None:
    assert engine.compile(NETWORKS).reads == {"ip", "x"}
