"""The forms in which a permission can be registered."""

from __future__ import annotations

from typing import Any

import pytest

from yoto.errors import ValidationFailed
from yoto.permission.registry.specs import PermissionSpec, checked_spec

WIKI = PermissionSpec("wiki.read", "server", "wiki", "Read the wiki", True)


@pytest.mark.parametrize(
    ("entry", "spec"),
    [
        ("wiki.read", PermissionSpec("wiki.read", "channel")),
        ({"name": "wiki.read", "description": None}, PermissionSpec("wiki.read", "channel")),
        (WIKI, WIKI),
    ],
)
def test_a_name_a_mapping_and_a_spec_say_the_same(entry: Any, spec: PermissionSpec) -> None:
    assert checked_spec(entry) == spec


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (7, "name"),
        ({}, "name"),
        ({"name": "wiki.read", "colour": "red"}, "colour"),
        (PermissionSpec("wiki read", "server"), "name"),
        (PermissionSpec("wiki.read", "galaxy"), "scope"),
        (PermissionSpec("wiki.read", "server", "g" * 65), "group"),
        (PermissionSpec("wiki.read", "server", "wiki", "d" * 501), "description"),
        (PermissionSpec("wiki.read", "server", abac=1), "abac"),  # type: ignore[arg-type]
    ],
)
def test_what_is_malformed_is_refused_naming_the_field(entry: Any, field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        checked_spec(entry)
    assert list(refused.value.errors) == [field]
