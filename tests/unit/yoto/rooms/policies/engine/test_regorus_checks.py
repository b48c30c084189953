"""Builtins that regorus reads otherwise than OPA: the same value, or an error with a way round."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.bundles import MAIN
from yoto.errors import PolicyError
from yoto.rooms.policies import Bundle, EmbeddedEngine
from yoto.rooms.policies.engine.admission import admit
from yoto.rooms.policies.engine.embedded.library import library
from yoto.rooms.policies.engine.embedded.owner import Kept, Owner


def evaluated(modules: dict[str, str], given: Any, rule: str) -> Any:
    """The value of a rule on regorus, or "<undefined>", in the one thread that holds its objects.

    An error that a test keeps would keep them, for another thread to drop.
    """
    owner, regorus = Owner(), library("regorus")

    def evaluate(_: Kept) -> Any:
        program = regorus.program(regorus.documents("{}"), modules, [], tests=True)
        return json.loads(program(json.dumps(given))(rule))

    try:
        return owner.run(evaluate)
    finally:
        owner.close()


def value(expression: str, given: Any = None) -> Any:
    source = f"package yoto.authz\n\nx := {expression}\n"
    return evaluated({"own": source}, {"x": given}, "data.yoto.authz.x")


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("floor(2.5)", 2),
        ("floor(-2.5)", -3),
        ("ceil(2.1)", 3),
        ('upper("a b")', "A B"),
        ("format_int(255, 16)", "ff"),
        ('object.subset({"a": 1, "b": 2}, {"a": 1})', True),
        ("object.subset({1, 2}, {3})", False),
        ('units.parse("1.5Ki")', 1536),
        ('units.parse_bytes("10MB")', 10_000_000),
        ('semver.is_valid("1.2.3")', True),
        ('strings.replace_n({"<": "&lt;"}, "a<b")', "a&lt;b"),
        ('strings.count("aaaa", "aa")', 2),
        ('sprintf("%d of %s: %v", [3, "b", [1]])', "3 of b: [1]"),
        ("bits.lsh(1, 10)", 1024),
        ('urlquery.encode("a b")', "a+b"),
        ('units.parse_bytes("4.1MiB")', 4299161),
        ('units.parse_bytes(".0")', 0),
        ('strings.replace_n({"ab": "c", "b": "d"}, "xyz")', "xyz"),
        ('sprintf("%s %s", [true, null])', "true null"),
        ('uuid.parse("{6ba7b810-9dad-11d1-80b4-00c04fd430c8}").version', 1),
        ("regex.is_valid(`^a.+$`)", True),
        ("regex.is_valid(`++`)", False),
        ('time.parse_ns("2006-01-02", "2020-02-29")', 1582934400000000000),
        ('(1, "a" in "a")', False),
    ],
)
def test_a_usual_argument_gives_the_value_of_opa(expression: str, found: Any) -> None:
    assert value(expression) == found


@pytest.mark.parametrize(
    ("expression", "given", "way_round"),
    [
        ("floor(input.x)", -0.4, "compare the number itself"),
        ("ceil(input.x)", -0.4, "compare the number itself"),
        ("upper(input.x)", "ß", "compare with lower"),
        ("object.subset(input.x, {})", None, "compare their parts"),
        ("units.parse(input.x)", "5 apples", "data document"),
        ("units.parse_bytes(input.x)", "1.5", "data document"),
        ("semver.is_valid(input.x)", "v1.2.3", "trim_prefix"),
        ('strings.replace_n({"a": "b", "b": "a"}, input.x)', "ab", "use replace"),
        ('sprintf("%d", [input.x])', -1, "with %v"),
        ('sprintf("%s", [input.x])', 7, "with %v"),
        ('time.diff([input.x, "Europe/Berlin"], 0)', 1, "nanoseconds"),
        ("uuid.parse(input.x)", "urn:uuid:1", "regex.match"),
        ("uuid.parse(input.x)", "36ee6ef7-ddce-4c6e-6959-73dcfe8ccdcf", "regex.match"),
        ("regex.is_valid(input.x)", "(a", "regex.match"),
        ("time.parse_ns(input.x, input.x)", "RFC822", "parse_rfc3339_ns"),
        ('json.filter(input.x, ["a/b"])', {"a": 1}, "use object.filter"),
        ('json.remove(input.x, ["a/b"])', {"a": 1}, "use object.remove"),
        ("numbers.range(0, input.x)", 100_000, "compare with"),
    ],
)
def test_an_argument_of_which_engines_make_different_values_is_an_error(
    expression: str, given: Any, way_round: str
) -> None:
    with pytest.raises(PolicyError) as raised:
        value(expression, given)

    assert way_round in raised.value.reason
    assert "yoto_regorus" not in str(raised.value)


GIVEN = {
    "l": [{"a": 1}, {"b": 3}, {"a": 2}, {"a": 5, "b": 6}],
    "o": {"a": 1, "b": 2},
    "n": [1, 2, 3],
}


def forms(rules: str) -> Any:
    """The value of ``x``, or None, of rules that are admitted."""
    source = f"package yoto.authz\n\n{rules}\n"
    admit(Bundle({"main": MAIN, "own": source}), library("regorus").exact)
    modules = {"own": source, "asks": "package asks\n\nx := data.yoto.authz.x\n"}
    value = evaluated(modules, GIVEN, "data.asks.x")
    return None if value == "<undefined>" else value


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ("x contains o.a if some o in input.l", [1, 2, 5]),
        ("x contains input.l[_].a", [1, 2, 5]),
        ("x[i] := o.a if some i, o in input.l", {"0": 1, "2": 2, "3": 5}),
        ('x[o.a] := "k" if some o in input.l', {"1": "k", "2": "k", "5": "k"}),
        ("x := 7 if false\n\nelse := o.a if {\n\tsome o in input.l\n\to.b == 6\n}", 5),
        ("f(s) := o.a if some o in s\n\nelse := 4\n\nx := f([{}])", 4),
    ],
)
def test_a_head_without_a_value_for_one_binding_keeps_the_others(rules: str, found: Any) -> None:
    assert forms(rules) == found


@pytest.mark.parametrize(
    "condition",
    ["y = 1", "1 = y", "[1, z] = [y, 1]; z == 1", "z = y; z == 1", 'split("a", ".", y)'],
)
def test_every_does_not_bind_its_variable_anew(condition: str) -> None:
    assert forms(f"x if every y in input.n {{ {condition} }}") is None


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ('x contains v if {"a": v} = input.l[_]', [1, 2]),
        ('x contains v if {"a": v} := input.o', []),
        ('x contains v if some {"a": v} in input.l', [1, 2]),
        ('x contains [i, v] if some i, {"a": v} in input.l', [[0, 1], [2, 2]]),
        ('f({"a": v}) := v\n\nx contains v if {\n\tsome o in input.l\n\tv := f(o)\n}', [1, 2]),
        ('x if {\n\ty := 1\n\tnot {"a": y} = input.o\n}', True),
        ('x := y if y = {"a": [input.n]}', {"a": [[1, 2, 3]]}),
        ("f(a) := false if a == 1 else if a == 2\n\nx := f(2)", True),
        ("f(a) := false if {\n\ta == 1\n} else if {\n\ta == 2\n} else := 3\n\nx := f(2)", True),
        ("x[k] if some k in input.n", {"1": True, "2": True, "3": True}),
        ('x[k].r := i if some i, k in ["a", "b"]\n\nx.c.r := 9', None),
    ],
)
def test_objects_and_heads_mean_what_they_mean_to_opa(rules: str, found: Any) -> None:
    if found is None:
        found = {"a": {"r": 0}, "b": {"r": 1}, "c": {"r": 9}}
    assert forms(rules) == found


@pytest.mark.parametrize(
    ("pattern", "delimiters", "text", "found"),
    [
        ("admin**", '["."]', "admin.x.y", True),
        ("api.**.com", '["."]', "api.com", False),
        ("[!a-c]t", "[]", ".t", True),
        ("?t", "[]", "ét", True),
        ("{a,b?}c", "null", "bxc", True),
        ("\\\\*", "null", "*", True),
        ("*", '["."]', "a.b", False),
    ],
)
def test_globs_match_as_on_opa(pattern: str, delimiters: str, text: str, found: bool) -> None:
    assert forms(f'x := glob.match("{pattern}", {delimiters}, "{text}")') is found


@pytest.mark.parametrize(
    ("rules", "way_round"),
    [
        ('f(y) := y\n\nx contains v if f(input.o, {"a": v})', "give the value a name"),
        ('x contains v if walk(input, [_, {"a": v}])', "give the value a name"),
        ('s contains 1\n\nx contains v if s[{"a": v}]', "write some x in xs"),
        ("x contains v if some v, [v, _] in input.l", "a name stands twice"),
        ('g[k].r := 1 if k := "a"\n\nx := data.yoto[p].g.a if p := "authz"', "write the name"),
        ('x := glob.match("{a,{b,c}}", [], "a")', "write several patterns"),
        ('x := regex.split("a*", "b")', "write another"),
    ],
)
def test_a_form_that_cannot_be_made_equal_is_refused_with_the_way_round(
    rules: str, way_round: str
) -> None:
    with pytest.raises(PolicyError, match=way_round):
        forms(rules)


def test_a_function_of_the_policy_itself_keeps_its_name() -> None:
    source = "package yoto.authz\n\nfloor(x) := x + 1\n\ny := floor(-0.5)\n"

    assert evaluated({"own": source}, {}, "data.yoto.authz.y") == 0.5


def test_a_fleet_of_several_engines_admits_what_all_of_them_run() -> None:
    rule = 'package yoto.authz\n\ndeny contains "low" if floor(input.x) < 3\n'
    bundle = Bundle({"main": MAIN, "own": rule})

    EmbeddedEngine(library=library("regorus")).compile(bundle).close()
    with pytest.raises(PolicyError, match="floor is not allowed: the engines differ in it"):
        EmbeddedEngine(library=library("regorus"), portable=True).compile(bundle)
