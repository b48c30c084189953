"""A comparison of ``input.subject.id`` with what no id is equal to is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import yoto
from yoto.errors import PolicyError
from yoto.rooms.policies.service.subject_ids import (
    IdKind,
    InputKinds,
    reads_subject_id,
    refuse_other_kinds,
)

DEFAULTS = Path(yoto.__file__).parent / "policies"
PATHS = {
    "resource.id": frozenset({"number"}),
    "resource.attributes.owner": frozenset({"number"}),
    "resource.attributes.author": frozenset({"text"}),
    "resource.attributes.either": frozenset({"number", "text"}),
}
ONE = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"


def refusal(kind: IdKind, body: str, imports: str = "") -> str | None:
    source = f"package yoto.authz\n{imports}\n{body}\n"
    try:
        refuse_other_kinds("own", source, InputKinds(kind, PATHS))  # type: ignore[arg-type]
    except PolicyError as error:
        assert error.policy == "own"
        return error.reason
    return None


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text", "x if input.subject.id == 7"),
        ("text", "x if 7 != input.subject.id"),
        ("text", 'x if input["subject"].id == 7'),
        ("text", 'x if input.subject.id in {"anna", 7}'),
        ("text", "x if input.subject.id in [7]"),
        ("text", "x if input.subject.id == true"),
        ("text", "x if input.subject.id == input.resource.attributes.owner"),
        ("text", "x if input.subject.id != input.resource.attributes.owner"),
        ("text", "x if input.subject.id == input.resource.id"),
        ("text", "x if { id := input.subject.id; not id == 7 }"),
        ("text", 'x if {"id": 7, "age": age} = input.subject'),
        ("text", 'x if input == {"subject": {"id": 7}, "action": action}'),
        ("text", "x if { who := input.subject; who.id == 7 }"),
        ("text", "me := input.subject.id\nx if me == 7"),
        ("text", "x if { place := input.resource; input.subject.id == place.id }"),
        ("text", "x := [1 | input.subject.id == 7]"),
        ("text", "f(y) if input.subject.id == 7"),
        ("integer", 'x if input.subject.id == "7"'),
        ("integer", "x if input.subject.id == input.resource.attributes.author"),
        ("integer", 'x if input.subject.id in {"anna"}'),
        ("UUID", "x if input.subject.id == 7"),
        ("UUID", 'x if input.subject.id == "anna"'),
        ("UUID", f'x if input.subject.id == "{ONE.upper()}"'),
        ("UUID", f'x if input.subject.id in {{"{ONE.replace("-", "")}"}}'),
    ],
)
def test_a_comparison_with_another_kind_is_refused(kind: IdKind, body: str) -> None:
    reason = refusal(kind, body)

    assert reason is not None
    assert reason.startswith("line ")
    assert {"text": "are texts", "integer": "are integers", "UUID": "are UUIDs"}[kind] in reason


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text", 'x if input.subject.id == "7"'),
        ("text", 'x if input.subject.id in {"anna", "bob"}'),
        ("text", "x if input.subject.id == input.resource.attributes.author"),
        ("text", "x if input.subject.id == input.resource.attributes.either"),
        ("text", "x if input.subject.id == input.resource.attributes.unknown"),
        ("text", "x if input.subject.id in input.resource.attributes.blocked"),
        ("text", "x if input.subject.id == data.chief"),
        ("text", "x if input.resource.attributes.owner == 7"),
        ("text", "x if input.subject.age == 7"),
        ("text", 'x if {"id": id, "age": 7} = input.subject'),
        ("integer", "x if input.subject.id == 7"),
        ("integer", "x if input.subject.id == input.resource.id"),
        ("UUID", f'x if input.subject.id == "{ONE}"'),
    ],
)
def test_a_comparison_with_its_own_kind_is_admitted(kind: IdKind, body: str) -> None:
    assert refusal(kind, body) is None


def test_an_imported_part_of_the_input_is_the_same() -> None:
    body = "x if who.id == 7"

    assert refusal("text", body, "import input.subject as who") is not None
    assert refusal("text", "x if subject.id == 7", "import input.subject") is not None
    assert refusal("text", body) is None


def test_the_column_is_named_with_what_it_holds() -> None:
    reason = refusal("text", "x if input.subject.id == input.resource.attributes.owner")

    assert reason is not None
    assert "input.resource.attributes.owner, which is a number" in reason


@pytest.mark.parametrize(
    ("body", "reads"),
    [
        ("x if input.subject.id", True),
        ("x := input.subject", True),
        ("x := f(input)", True),
        ("x if input.subject.attributes.id", False),
        ("x if input.resource.id", False),
        ('x := "input.subject.id" # input.subject.id', False),
    ],
)
def test_a_policy_that_may_read_the_id_is_known(body: str, reads: bool) -> None:
    assert reads_subject_id(f"package yoto.authz\n{body}") is reads


@pytest.mark.parametrize("kind", ["integer", "text", "UUID"])
@pytest.mark.parametrize("shipped", sorted(DEFAULTS.rglob("*.rego")), ids=lambda one: one.stem)
def test_the_policies_that_come_with_the_platform_are_taken_for_each_kind(
    shipped: Path, kind: IdKind
) -> None:
    refuse_other_kinds(shipped.stem, shipped.read_text(encoding="utf-8"), InputKinds(kind, PATHS))
