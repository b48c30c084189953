"""Expressions: precedence, bit operations against a naive evaluator, and every refusal."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import drawn
from yoto.errors import ValidationFailed
from yoto.permission.registry.expressions import (
    MAX_DEPTH,
    MAX_LENGTH,
    And,
    Expression,
    Name,
    Node,
    Not,
    Or,
    compile_expression,
)

NAMES = ("a.a", "A:a", "c-c", "d_1.d.d2")
MASKS = {name: 1 << (7 * index) for index, name in enumerate(NAMES)}


def naive(node: Node, held: set[str]) -> bool:
    """Evaluates the tree as it stands."""
    if isinstance(node, Name):
        return node.name in held
    if isinstance(node, Not):
        return not naive(node.part, held)
    if isinstance(node, And):
        return all([naive(part, held) for part in node.parts])
    return any([naive(part, held) for part in node.parts])


def matches(expression: Expression, held: set[str]) -> bool:
    mask = sum(MASKS[name] for name in held)
    return expression.bind(MASKS).matches(mask)


nodes = st.recursive(
    st.sampled_from(NAMES).map(Name),
    lambda inner: inner.map(Not)
    | st.lists(inner, min_size=2, max_size=4).map(lambda parts: And(tuple(parts)))
    | st.lists(inner, min_size=2, max_size=4).map(lambda parts: Or(tuple(parts))),
    max_leaves=12,
)
holdings = st.sets(st.sampled_from(NAMES))


def written(node: Node) -> str:
    """The tree as text with all parentheses."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Not):
        return f"NOT {written(node.part)}"
    word = " AND " if isinstance(node, And) else " OR "
    return f"({word.join(written(part) for part in node.parts)})"


@drawn(1000)
@given(nodes, holdings)
def test_bit_operations_equal_the_naive_evaluation(node: Node, held: set[str]) -> None:
    expression = Expression(written(node), node, NAMES)
    assert matches(expression, held) is naive(node, held)


@drawn(500)
@given(nodes, holdings)
def test_what_is_written_is_what_is_parsed(node: Node, held: set[str]) -> None:
    parsed = compile_expression(written(node))
    assert naive(parsed.root, held) is naive(node, held)
    assert set(parsed.names) == {name for name in NAMES if name in written(node)}


@drawn(500)
@given(
    st.lists(
        st.tuples(st.sampled_from(("", "NOT ", "NOT NOT ")), st.sampled_from(NAMES)), min_size=1
    ),
    st.data(),
    holdings,
)
def test_without_parentheses_not_binds_tightest_then_and(
    terms: list[tuple[str, str]], data: st.DataObject, held: set[str]
) -> None:
    words = [data.draw(st.sampled_from(("AND", "OR"))) for _ in terms[1:]]
    values = [(name in held) is (prefix != "NOT ") for prefix, name in terms]
    alternatives = [[values[0]]]
    for word, value in zip(words, values[1:], strict=True):
        if word == "OR":
            alternatives.append([])
        alternatives[-1].append(value)
    source = "".join(
        f" {word} {prefix}{name}" for word, (prefix, name) in zip(["", *words], terms, strict=True)
    )
    assert matches(compile_expression(source), held) is any(map(all, alternatives))


@drawn(500)
@given(st.text(alphabet="ab.:-()1_ANDORTé \n", max_size=30))
def test_any_text_is_parsed_or_refused_with_a_column(source: str) -> None:
    try:
        expression = compile_expression(source)
    except ValidationFailed as refused:
        assert list(refused.errors) == ["expression"]
        assert refused.errors["expression"][0].startswith("column ")
    else:
        assert expression.names


@pytest.mark.parametrize("word", ["not", "NOT", "Not"])
def test_not_of_a_held_permission_is_never_true(word: str) -> None:
    try:
        expression = compile_expression(f"{word} a.a")
    except ValidationFailed:
        assert word != "NOT"
    else:
        assert not matches(expression, {"a.a"})
        assert matches(expression, {"A:a"})


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ("", 1),
        ("   ", 4),
        ("a.a AND", 8),
        ("AND a.a", 1),
        ("a.a b.b", 5),
        ("a.a OR OR b.b", 8),
        ("(a.a", 5),
        ("a.a)", 4),
        ("()", 2),
        ("NOT", 4),
        ("a.a NOT b.b", 5),
        (".", 1),
        ("..", 1),
        ("aé", 1),
        ("a:é", 1),
        ("a/b", 2),
        ("a.a & b.b", 5),
        ("a.a and b.b", 5),
        ("a.aAND b.b", 8),
        ("a.a AND: b.b", 5),
        ("NOT- b.b", 6),
        ("a.a AND b.b; DROP", 12),
        ("a.a\n OR é", 9),
        ("__import__('os').system('x')", 11),
    ],
)
def test_a_wrong_expression_is_refused_with_its_column(source: str, column: int) -> None:
    with pytest.raises(ValidationFailed) as refused:
        compile_expression(source)
    assert refused.value.errors["expression"][0].startswith(f"column {column}:")


@pytest.mark.parametrize("source", [None, 1, True, b"a.a", ["a.a"]])
def test_what_is_no_text_is_no_expression(source: Any) -> None:
    with pytest.raises(ValidationFailed):
        compile_expression(source)


def test_long_and_deep_expressions_are_refused_before_they_hurt() -> None:
    flat = " OR ".join(["a.a"] * 400)
    assert matches(compile_expression(flat), {"a.a"})
    assert compile_expression("(" * (MAX_DEPTH - 1) + "a.a" + ")" * (MAX_DEPTH - 1))
    for source in ("(" * MAX_DEPTH + "a.a" + ")" * MAX_DEPTH, "NOT " * MAX_DEPTH + "a.a"):
        with pytest.raises(ValidationFailed, match="levels"):
            compile_expression(source)
    with pytest.raises(ValidationFailed, match="longer"):
        compile_expression("a.a OR ".ljust(MAX_LENGTH) + "b.b")


def test_flat_expressions_become_one_bit_test() -> None:
    masks = {"a.a": 1, "b.b": 2, "c.c": 4}
    every = compile_expression("a.a AND NOT b.b AND c.c").bind(masks)
    assert (every.held, every.lacked, every.parts) == (5, 2, ())
    some = compile_expression("a.a OR NOT (b.b AND c.c)").bind(masks)
    assert (some.every, some.held, some.lacked, some.parts) == (False, 1, 6, ())


@given(nodes, holdings, holdings)
def test_allowed_with_unknown_parts_is_allowed_however_they_turn_out(
    node: Node, held: set[str], unknown: set[str]
) -> None:
    bound = compile_expression(written(node)).bind(MASKS)
    held -= unknown
    mask, open_ = (sum(MASKS[name] for name in names) for names in (held, unknown))
    certain = bound.matches(mask, open_)
    ways = [
        naive(node, held | set(some))
        for size in range(len(unknown) + 1)
        for some in combinations(sorted(unknown), size)
    ]

    assert not certain or all(ways)
    assert certain == (kleene(node, held, unknown) is True)


def kleene(node: Node, held: set[str], unknown: set[str]) -> bool | None:
    """Evaluates the tree by the three-valued tables; None is unknown."""
    if isinstance(node, Name):
        return None if node.name in unknown else node.name in held
    if isinstance(node, Not):
        found = kleene(node.part, held, unknown)
        return None if found is None else not found
    parts = {kleene(part, held, unknown) for part in node.parts}
    absorbing = isinstance(node, Or)
    return absorbing if absorbing in parts else None if None in parts else not absorbing


def test_a_contradiction_stays_one() -> None:
    """Merging one-name parts must not lose that a name is both wanted and refused."""
    expression = compile_expression("(a.a AND NOT a.a) OR A:a")
    assert not matches(expression, set())
    assert not matches(expression, {"a.a"})
    assert matches(expression, {"A:a"})


def test_names_as_others_have_them_are_told_from_the_words_around_them() -> None:
    """A character that can belong to a name does: only a space, a parenthesis or the end cannot."""
    expression = compile_expression("(a:b)AND NOT c-d OR NOT-x AND 1 OR A.b AND and")
    assert expression.names == ("a:b", "c-d", "NOT-x", "1", "A.b", "and")
    masks = {name: 1 << bit for bit, name in enumerate(expression.names)}
    held = [{"a:b"}, {"NOT-x", "1"}, {"A.b", "and"}]
    lacking = [{"a:b", "c-d"}, {"NOT-x"}, {"A.b"}, set()]
    bound = expression.bind(masks)
    assert all(bound.matches(sum(masks[name] for name in names)) for names in held)
    assert not any(bound.matches(sum(masks[name] for name in names)) for names in lacking)
