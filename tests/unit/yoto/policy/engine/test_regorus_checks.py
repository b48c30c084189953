"""Builtins that regorus reads otherwise than OPA: the same value, or an error with a way round."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.bundles import MAIN
from yoto.errors import PolicyError
from yoto.policy import Bundle, EmbeddedEngine
from yoto.policy.engine.embedded.library import library


def value(expression: str, given: Any = None) -> Any:
    regorus = library("regorus")
    source = f"package yoto.authz\n\nx := {expression}\n"
    program = regorus.program(regorus.documents("{}"), {"own": source}, [], tests=True)
    return json.loads(program.given(json.dumps({"x": given}))("data.yoto.authz.x"))


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
    ],
)
def test_an_argument_of_which_engines_make_different_values_is_an_error(
    expression: str, given: Any, way_round: str
) -> None:
    with pytest.raises(PolicyError) as raised:
        value(expression, given)

    assert way_round in raised.value.reason
    assert "yoto_regorus" not in str(raised.value)


def test_a_function_of_the_policy_itself_keeps_its_name() -> None:
    regorus = library("regorus")
    source = "package yoto.authz\n\nfloor(x) := x + 1\n\ny := floor(-0.5)\n"
    program = regorus.program(regorus.documents("{}"), {"own": source}, [], tests=True)

    assert json.loads(program.given("{}")("data.yoto.authz.y")) == 0.5


def test_a_fleet_of_several_engines_admits_what_all_of_them_run() -> None:
    rule = 'package yoto.authz\n\ndeny contains "low" if floor(input.x) < 3\n'
    bundle = Bundle({"main": MAIN, "own": rule})

    EmbeddedEngine(library=library("regorus")).compile(bundle).close()
    with pytest.raises(PolicyError, match="floor is not allowed: the engines differ in it"):
        EmbeddedEngine(library=library("regorus"), portable=True).compile(bundle)
