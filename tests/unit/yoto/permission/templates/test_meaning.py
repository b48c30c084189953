"""Where permissions mean something."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.yoto.permission.templates.making import SCOPES
from yoto.permission.specs import PermissionSpec
from yoto.permission.templates import meaningless
from yoto.store.models import ScopeType


@given(scopes=st.lists(st.sampled_from(SCOPES), max_size=6), place=st.sampled_from(list(ScopeType)))
def test_a_permission_means_something_in_its_scope_and_in_wider_ones(
    scopes: list[str], place: ScopeType
) -> None:
    specs = [PermissionSpec(f"wiki.p{number}", scope) for number, scope in enumerate(scopes)]
    lost = meaningless(specs, place)
    for spec in specs:
        means_something = SCOPES.index(spec.scope) >= SCOPES.index(place)
        assert (spec.name in lost) is not means_something
