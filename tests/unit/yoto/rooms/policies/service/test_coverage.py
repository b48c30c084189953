"""Which policies have something to say about which permissions."""

from __future__ import annotations

from typing import Any

from yoto.rooms.policies.service.naming import KnownPermissions, judged_permissions

PERMISSIONS = KnownPermissions(
    known=frozenset({"vault.open", "vault.seal", "hall.enter", "note.write"}),
    judged=frozenset({"vault.open", "vault.seal", "note.write"}),
    always=frozenset({"vault.open", "vault.seal"}),
)
MAIN = 'deny contains "unnamed" if not input.action.name'
OPENING = 'deny contains "shut" if input.action.name == "vault.open"'
HOURS = 'deny contains "late" if input.action.name in data.hours'
HELPER = "late if input.time > 20"


def judged(documents: dict[str, Any] | None = None, **rules: str) -> dict[str, tuple[str, ...]]:
    modules = {name: f"package yoto.authz\n\n{rule}\n" for name, rule in rules.items()}
    found = judged_permissions(modules, documents or {}, PERMISSIONS)
    return {one.permission: one.policies for one in found}


def test_a_policy_judges_the_permissions_that_it_names() -> None:
    assert judged(opening=OPENING) == {
        "vault.open": ("opening",),
        "vault.seal": (),
        "note.write": (),
    }


def test_a_policy_that_names_none_judges_all() -> None:
    found = judged(main=MAIN)
    assert set(found.values()) == {("main",)}


def test_a_policy_judges_what_its_documents_name_by_group_too() -> None:
    assert judged({"hours": ["vault.*"]}, hours=HOURS) == {
        "vault.open": ("hours",),
        "vault.seal": ("hours",),
        "note.write": (),
    }
    assert judged({"hours": ["*"]}, hours=HOURS)["note.write"] == ("hours",)


def test_a_policy_whose_documents_name_nothing_judges_nothing() -> None:
    assert set(judged({"hours": []}, hours=HOURS).values()) == {()}


def test_a_policy_that_denies_nothing_is_left_out() -> None:
    assert set(judged(helper=HELPER).values()) == {()}


def test_what_is_asked_with_a_context_alone_is_listed_where_a_policy_names_it() -> None:
    found = judged_permissions(
        {"hall": 'package yoto.authz\ndeny contains "x" if input.action.name == "hall.enter"'},
        {},
        PERMISSIONS,
    )
    assert [(one.permission, one.asked) for one in found] == [
        ("vault.open", "always"),
        ("vault.seal", "always"),
        ("note.write", "where_set"),
        ("hall.enter", "with_context"),
    ]
