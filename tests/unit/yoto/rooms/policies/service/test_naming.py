"""Rules and documents that name permissions in vain are found, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from yoto.rooms.policies import PolicyWarning
from yoto.rooms.policies.service.naming import KnownPermissions, warnings_of, without_rule
from yoto.rooms.policies.store.entry import Entry
from yoto.rooms.policies.tables import PolicyKind

PERMISSIONS = KnownPermissions(
    known=frozenset({"vault.open", "vault.seal", "hall.enter", "plain"}),
    judged=frozenset({"vault.open", "vault.seal"}),
    always=frozenset({"vault.open", "vault.seal"}),
)


def of_rule(rule: str) -> list[tuple[str, tuple[str, ...]]]:
    source = f"package yoto.authz\n\n{rule}\n"
    entry = Entry(PolicyKind.REGO, "rule", source)
    return [(one.code, one.permissions) for one in warnings_of(entry, PERMISSIONS)]


def of_document(value: Any) -> list[tuple[str, tuple[str, ...]]]:
    entry = Entry(PolicyKind.DATA, "document", json.dumps(value))
    return [(one.code, one.permissions) for one in warnings_of(entry, PERMISSIONS)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('deny contains "x" if input.action.name == "vault.open"', []),
        ('deny contains "x" if "vault.*" in input.action.names', []),
        (
            'deny contains "x" if input.action.name == "hall.enter"',
            [("never_asked", ("hall.enter",))],
        ),
        ('deny contains "x" if "hall.*" in names', [("never_asked", ("hall.*",))]),
        (
            'open := {"vault.open", "vault.opne"}\ndeny contains "x" if input.action.name in open',
            [("not_registered", ("vault.opne",))],
        ),
        (
            'deny contains "x" if input.action.name in {"attic.open", "hall.enter"}',
            [("never_asked", ("hall.enter",)), ("not_registered", ("attic.open",))],
        ),
        # Codes, comments and other texts are no names.
        ('deny contains "vault.shut" if {\n\t# hall.enter\n\tinput.x == "a.b"\n}', []),
    ],
)
def test_a_rule_names(rule: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert of_rule(rule) == expected


def test_a_document_names_by_keys_and_by_texts() -> None:
    assert of_document({"limits": {"vault.open": 1, "*": 2}, "host": "db.example.org"}) == []
    assert of_document({"limits": {"hall.enter": 1}}) == [("never_asked", ("hall.enter",))]
    assert of_document({"hours": ["vault.opne", "vault.*"]}) == [
        ("not_registered", ("vault.opne",))
    ]
    assert of_document({"vault.open": {"limiter": "hall.enter"}}) == []


def test_what_is_always_judged_has_to_be_named() -> None:
    def left(source: str, document: Any) -> list[PolicyWarning]:
        return list(without_rule({"rule": source}, {"document": document}, PERMISSIONS))

    rule = 'package yoto.authz\n\nok if "*" in input.action.names\n'
    assert left(rule, {}) == [PolicyWarning("no_rule", ("vault.open", "vault.seal"))]
    assert left(rule, {"hours": ["vault.seal"]}) == [PolicyWarning("no_rule", ("vault.open",))]
    assert left(rule, {"hours": ["vault.*"]}) == left(rule, {"hours": ["*"]}) == []
