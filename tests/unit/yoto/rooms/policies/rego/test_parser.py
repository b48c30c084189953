"""The parser reads what regorus reads, and as it does."""

from __future__ import annotations

import gc
import json
import weakref
from contextlib import suppress
from random import Random
from typing import Any

import pytest
import regorus

from tests.contract.rooms.policies.test_differential import CORPUS
from tests.contract.rooms.policies.test_language import sources
from tests.support.bundles import default_bundle, rules
from yoto.errors import PolicyError
from yoto.rooms.policies.rego.parser import parse
from yoto.rooms.policies.rego.tokens import tokenize
from yoto.rooms.policies.sources import BUILTINS

# Fields that regorus numbers for itself, and those that it counts besides.
NUMBERS = {"eidx", "sidx", "qidx", "num_statements", "num_queries", "rego_v1"}
DISTORTED = 1500


def corpus() -> dict[str, str]:
    bundle = default_bundle()
    found = {**sources(), **bundle.modules}
    found |= {f"{name} (test)": source for name, source in bundle.tests.items()}
    return found | {name: rules(body).modules["rules"] for name, body in CORPUS.items()}


def by_regorus(source: str) -> Any:
    engine = regorus.Engine()
    engine.add_policy("policy", source)
    (module,) = json.loads(engine.get_ast_as_json())
    return module["ast"]


def plain(tree: Any) -> Any:
    """A tree without places, which regorus gives to operators."""
    if isinstance(tree, dict):
        if "line" in tree:
            return "place"
        left_out = NUMBERS | {"span"}
        return {key: plain(one) for key, one in tree.items() if key not in left_out}
    if isinstance(tree, list):
        return [plain(one) for one in tree]
    return tree


@pytest.mark.parametrize("source", corpus().values(), ids=corpus().keys())
def test_a_tree_is_the_one_of_regorus(source: str) -> None:
    assert plain(parse("policy", source)) == plain(by_regorus(source))


def distorted(random: Random, source: str) -> str:
    """A source with one token left out, doubled, moved away or replaced by another."""
    tokens = tokenize(source)
    one, other = random.choice(tokens), random.choice(tokens)
    before, behind = source[: one.start], source[one.end :]
    middle = ("", one.value * 2, f" {one.value}", f"\n{one.value}", other.value)
    return before + random.choice(middle) + behind


def test_distorted_sources_are_refused_or_read_alike() -> None:
    random, read = Random(15), 0
    chosen = [source for source in corpus().values() if len(source) < 1500]

    for _ in range(DISTORTED):
        source = distorted(random, random.choice(chosen))
        try:
            ours, theirs = parse("policy", source), by_regorus(source)
        except (PolicyError, RuntimeError):
            continue
        assert plain(ours) == plain(theirs), source
        read += 1

    assert read > DISTORTED / 10


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("x := }", "line 3, column 6: unexpected }"),
        ("x := [1, 2", "line 3, column 11: unexpected end"),
        ("x if {\n\ty := 1\n\tz z\n}", "line 5, column 4: unexpected z"),
        ("x := count ([1])", "line 3, column 12: unexpected ("),
        ("x := count\n([1])", "line 4, column 1: unexpected ("),
        ("x := 1 y := 2", "line 3, column 8: unexpected y"),
        ("x := 0x1", "line 3, column 6: unexpected 0x1"),
        ("x := 1e999", "line 3, column 6: unexpected 1e999"),
        ("x := -input.y", "line 3, column 7: unexpected input"),
        ('x := "a', 'line 3, column 6: unexpected "a'),
        ("if := 1", "line 3, column 1: unexpected if"),
    ],
)
def test_what_is_no_rego_is_refused_with_its_place(body: str, place: str) -> None:
    with pytest.raises(PolicyError) as raised:
        parse("policy", f"package yoto.authz\n\n{body}")
    assert (raised.value.policy, raised.value.reason) == ("policy", place)


@pytest.mark.parametrize("opening", ["[", "{", "(", '{"a": ', "[1 | x := "])
def test_brackets_inside_each_other_are_read_in_one_pass(opening: str) -> None:
    closing = {"(": ")"}.get(opening, "]" if opening[0] == "[" else "}")
    whole = parse("policy", f"package a\n\nx := {opening * 40}1{closing * 40}\n")

    assert whole["num_expressions"] < 300


def test_more_brackets_than_python_can_follow_are_refused() -> None:
    with pytest.raises(PolicyError, match="nested too deeply"):
        parse("policy", f"package a\n\nx := {'[' * 5000}{']' * 5000}")


def test_the_functions_that_are_let_in_are_those_that_regorus_has() -> None:
    answer = json.loads(regorus.Engine().eval_query_as_json("opa.runtime().builtins"))
    known = set(answer["result"][0]["expressions"][0]["value"])

    assert BUILTINS - {"print", "net.lookup_ip_addr"} == {
        name for name in known if not name.startswith("__")
    }


class Held:
    """An object that a frame of the caller holds."""


def reads(body: str) -> weakref.ref[Held]:
    held = Held()
    with suppress(PolicyError):
        parse("policy", f"package yoto.authz\n\n{body}")
    return weakref.ref(held)


@pytest.mark.parametrize("body", ["x if {1, 2} == {input.y}", "x if {z z}"])
def test_what_is_read_a_second_time_leaves_no_circle_that_holds_its_callers(body: str) -> None:
    gc.disable()  # which could break the circle before it is seen
    try:
        assert reads(body)() is None
    finally:
        gc.enable()
