"""The question of a search: the masks that answer it, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.examples import drawn
from tests.unit.yoto.permission.registry.test_expressions import nodes, written
from tests.unit.yoto.permission.registry.test_registry import registry_of
from yoto.errors import UnknownPermission, ValidationFailed
from yoto.permission.registry.expressions import Node, compile_expression
from yoto.permission.registry.requirement import Requirement
from yoto.permission.search.question import MOST_NAMES, Question, question_of

NAMES = ("a.a", "A:a", "c-c", "d_1.d.d2")
REGISTRY, _ = registry_of("other.first", *reversed(NAMES), *(f"n.n{n}" for n in range(9)))


@drawn(500)
@given(nodes, st.integers(0, 15))
def test_a_mask_is_possible_if_the_expression_is_true_without_some_judged_bits(
    node: Node, judged: int
) -> None:
    asked = REGISTRY.bind(Requirement(compile_expression(written(node))))
    question = Question(asked, "expression")
    width = len(asked.permissions)
    judged &= (1 << width) - 1
    possible = set(question.possible(judged))
    for mask in range(1 << width):
        ways = (asked.bound.matches(question.mask(mask & ~(judged & d))) for d in range(1 << width))
        assert (mask in possible) == any(ways)
        assert question.small(question.mask(mask)) == mask


@drawn(500)
@given(nodes)
def test_where_it_is_true_one_of_the_wanted_is_held(node: Node) -> None:
    asked = REGISTRY.bind(Requirement(compile_expression(written(node))))
    assume(not asked.bound.matches(0))
    question = Question(asked, "expression")
    wanted = sum(one.mask for one in question.wanted)
    assert all(question.mask(small) & wanted for small in question.possible())


def test_what_stands_under_a_not_alone_is_not_wanted() -> None:
    question = question_of(REGISTRY, None, "a.a AND NOT (A:a OR NOT c-c)")
    assert [one.name for one in question.wanted] == ["a.a", "c-c"]


def test_one_permission_is_the_mask_of_its_own() -> None:
    question = question_of(REGISTRY, "c-c", None)
    assert (question.field, question.possible()) == ("permission", [1])
    assert [one.name for one in question.permissions] == ["c-c"]


@pytest.mark.parametrize(
    ("permission", "expression", "error", "field", "text"),
    [
        (None, None, ValidationFailed, "permission", "give a permission, or an expression"),
        ("a.a", "a.a", ValidationFailed, "expression", "either"),
        ("a.a AND c-c", None, ValidationFailed, "permission", "no permission name"),
        ("no.such", None, UnknownPermission, "permission", "no.such"),
        (None, "a.a AND", ValidationFailed, "expression", "column 8"),
        (None, "", ValidationFailed, "expression", "column 1"),
        (None, 7, ValidationFailed, "expression", "string"),
        (None, "a.a AND no.such", UnknownPermission, "expression", "no.such"),
        (None, "NOT a.a", ValidationFailed, "expression", "list everything"),
        (None, "a.a OR NOT c-c", ValidationFailed, "expression", "list everything"),
        (
            None,
            " AND ".join(f"n.n{n}" for n in range(MOST_NAMES + 1)),
            ValidationFailed,
            "expression",
            "more than 8",
        ),
    ],
)
def test_what_cannot_be_listed_is_refused_with_the_field(
    permission: Any, expression: Any, error: type[ValidationFailed], field: str, text: str
) -> None:
    with pytest.raises(error) as refused:
        question_of(REGISTRY, permission, expression)
    [(named, [said])] = refused.value.errors.items()
    assert named == field and text in said
