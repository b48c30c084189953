"""Each form that regorus and OPA were seen to read differently, and the form that works."""

from __future__ import annotations

import pytest

from tests.support.bundles import rules
from yoto.errors import PolicyError
from yoto.rooms.policies.engine.admission import admit

FORMS = [
    # Silently nothing on regorus.
    ("x if { [path, value] := walk(input.o); value }", "walk(x, [path, value])"),
    ("x := [w | w := walk(input.o)]", "walk(x, [path, value])"),
    ("x if count(walk(input.o)) > 1", "walk(x, [path, value])"),
    ("x if not walk(input.missing, [_, 1])", "walk(x, [path, value])"),
    (
        'r[n].may contains a if { some n in ["b"]; some a in ["c"] }\nr.b.may contains "d"',
        "x[key]",
    ),
    ('r[n].v := 1 if some n in ["b"]\nr.b.w := 2', "x[key]"),
    ('default r.a := 0\nr[n] := 1 if some n in ["b"]', "x[key]"),
    ('x[y] if some y in ["a", "b"]', "x[key] := true"),
    ('x.q[y] if some y in ["a", "b"]', "x[key] := true"),
    ("x := z if { z := array.slice(input.a, input.n, 3) }", "whole number"),
    # More on regorus than on OPA, or less.
    ('x := z if { {"k": z} := input.d[0] }', "read its fields"),
    ('x := z if { {"k": z} = input.d[0] }', "read its fields"),
    ('x := z if { [{"k": z}] = [input.d[0]] }', "read its fields"),
    ('x if some {"k": "a"} in input.d', "read its fields"),
    ('x := [k | some k, {"v": 2} in input.d]', "read its fields"),
    ('f({"k": k}) := k\nx := f(input.d[0])', "read its fields"),
    ("f(a, a) := 1\nx := f(1, 2)", "stands twice"),
    ("f() := 1\nx := f()", "write a rule"),
    ("f(n) := n * f(n - 1) if n > 0\nx := f(3)", "calls itself"),
    ("f(n) := y if n > 0\ny := f(3)", "calls itself"),
    ("x := 0.1 + input.n == 0.3", "whole units"),
    ("x := regex.match(`^\\d+$`, input.s)", "write [0-9]"),
    ("x := regex.match(`\\w`, input.s)", "write [0-9A-Za-z_]"),
    ("x := regex.match(`[a&&b]`, input.s)", "differently"),
    ("x := regex.match(`a++`, input.s)", "repetition"),
    ("x := regex.match(`a{1001}`, input.s)", "1000"),
    ("x := regex.match(`(?:a{100}b){11}`, input.s)", "1000"),
    ("x := regex.match(`((a{10}|b){10}){11,}`, input.s)", "1000"),
    ("x := regex.match(`[[:letter:]]`, input.s)", "differently"),
    ("x := regex.match(`(?P<1>a)`, input.s)", "repetition"),
    ("x := regex.match(`(?P<ä>a)`, input.s)", "repetition"),
    ("x := regex.match(`(?P<a>b)(?P<a>c)`, input.s)", "stands twice"),
    ("x := regex.match(`(?x) a`, input.s)", "repetition"),
    ("x := regex.match(`[`, input.s)", "differently"),
    ("x := regex.match(input.pattern, input.s)", "written out"),
    ('x := glob.match("a?", [], input.s)', "'*'"),
    ('x := glob.match("a/**/c", ["/"], input.s)', "'*'"),
    ("x := glob.match(data.p, [], input.s)", "written out"),
    ('x := glob.match("*", input.d, input.s)', "delimiters"),
    ('x := sprintf("%.2f", [input.n])', "%v"),
    ('x := indexof(input.s, "")', "empty"),
    ("x := substring(input.s, input.n, 1)", "whole number"),
    ("x := substring(input.s, 0.5, 1)", "whole number"),
    # Without end.
    ("x := numbers.range(1, 30000000)", "10,000 apart"),
    ("x := numbers.range(1, input.n)", "10,000 apart"),
    ("x := numbers.range(1)", "10,000 apart"),
    ("x := numbers.range_step(0, 100000, 1)", "10,000 apart"),
]
FUNCTIONS = [
    ("upper(input.s)", "compare with lower"),
    ("floor(input.n)", "use round"),
    ("time.add_date(input.n, 1, 0, 0)", "add nanoseconds"),
    ("json.remove(input.o, [])", "use object.remove"),
    ("net.cidr_expand(input.s)", "use net.cidr_contains"),
    ("io.jwt.decode(input.s)", "the application verifies tokens"),
    ("net.cidr_intersects(input.s, input.s)", "both ways round"),
    ("__builtin_sets.union(input.s)", "operators"),
]
ALIKE = [
    'x if { some path; walk(input.o, [path, "a"]) }',
    'x[y] := true if some y in ["a", "b"]',
    'r.a contains 1\nr.b := 2\nr.c[n] := 1 if some n in ["d"]',
    'r[n].v := 1 if some n in ["a"]\nr[n].w := 2 if some n in ["b"]',
    "x if { [a, b] := input.a; a < b }",
    'x := {"a": input.s}',
    'x if input.o == {"x": 1}',
    "f(a) := a\na := f(1)",
    "f(path) if path\npath := f(2)",
    "x := 0.5 + input.n",
    r"x := regex.match(`^(?i:[a-z&~.-]+|\.\pL{2,4}|[[:digit:]])*?$`, input.s)",
    "x := regex.match(`^(?P<a>[a-z]{2,63})([.](?P<b>a{100}){10}b{1000})$`, input.s)",
    'x := glob.match("message.*", ["."], input.s)',
    'x := sprintf("%s has %d of 100%%: %v", [input.s, 1, input.o])',
    'x := substring(input.s, 1 + indexof(input.s, "@"), -1)',
    "x := numbers.range(1, 10)",
]


def refusal(body: str) -> PolicyError:
    with pytest.raises(PolicyError) as raised:
        admit(rules(body))
    return raised.value


@pytest.mark.parametrize(("body", "advice"), FORMS)
def test_what_engines_read_differently_is_refused_with_what_works(body: str, advice: str) -> None:
    error = refusal(body)

    assert error.policy == "rules"
    assert advice in error.reason
    assert error.reason.startswith("line ")


@pytest.mark.parametrize(("call", "advice"), FUNCTIONS)
def test_a_function_that_is_not_the_same_everywhere_is_refused_with_what_works(
    call: str, advice: str
) -> None:
    assert advice in refusal(f"x := {call}").reason


@pytest.mark.parametrize("body", ALIKE)
def test_what_they_read_alike_is_taken(body: str) -> None:
    admit(rules(body))


def test_the_place_is_where_the_form_begins() -> None:
    error = refusal('y := 1\n\nx if {\n  input.n\n  [path, "a"] := walk(input.o)\n}')

    assert error.reason.startswith("line 7, column 18: ")


def test_rules_of_one_package_are_looked_at_together_whichever_policy_holds_them() -> None:
    bundle = rules('r[n].v := 1 if some n in ["b"]')
    second = {**bundle.modules, "second": "package yoto.authz\n\nr.b.w := 2\n"}

    with pytest.raises(PolicyError, match="key") as raised:
        admit(type(bundle)(second))
    assert raised.value.policy == "second"


@pytest.mark.parametrize("word", ["package", "default", "in", "some"])
def test_a_keyword_in_a_path_is_refused_with_what_works(word: str) -> None:
    assert f'write ["{word}"] for it' in refusal(f"x := input.{word}").reason
    admit(rules(f'x := input["{word}"]'))


def test_tests_may_use_what_engines_read_differently() -> None:
    admit(rules("x := 1", 'test_it if json.remove({"a": 1}, ["a"]) == {}'))
