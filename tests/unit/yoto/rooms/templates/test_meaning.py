"""Where permissions mean something."""

from __future__ import annotations

import pytest

from yoto.permission.registry.specs import PermissionSpec
from yoto.rooms.templates.template import meaningless

SCOPES = ("global", "server", "channel")


@pytest.mark.parametrize("place", SCOPES[1:])
def test_a_permission_means_something_in_its_scope_and_in_wider_ones(
    context: None, place: str
) -> None:
    specs = [PermissionSpec(f"wiki.{scope}", scope) for scope in SCOPES]
    lost = meaningless(specs, place)
    for spec in specs:
        means_something = SCOPES.index(spec.scope) >= SCOPES.index(place)
        assert (spec.name in lost) is not means_something
