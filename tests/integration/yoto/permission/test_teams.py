"""Teams in teams: how deep they may stand."""

from __future__ import annotations

import pytest
from flask import Flask

from app.extensions import permissions
from yoto.errors import ValidationFailed
from yoto.permission.teams import MOST_DEEP


def chain(length: int, name: str) -> list[int]:
    """Teams each below the next."""
    made = [permissions.create_team(f"{name} {number}").ids[0] for number in range(length)]
    for below, above in zip(made, made[1:], strict=False):
        permissions.add_team_parent(below, above)
    return made


def test_the_longest_way_from_team_to_team_says_how_deep_they_stand(app: Flask) -> None:
    with app.app_context():
        long = chain(MOST_DEEP - 1, "long")
        [bottom] = permissions.create_team("bottom").ids
        # A short way to the top team beside the long one.
        permissions.add_team_parent(bottom, long[-1])
        permissions.add_team_parent(bottom, long[0])
        below, above = (permissions.create_team(name).ids[0] for name in ("below", "above"))
        for team, parent in ((below, bottom), (long[-1], above)):
            with pytest.raises(ValidationFailed) as refused:
                permissions.add_team_parent(team, parent)
            assert refused.value.errors == {
                "parent_id": [f"more than {MOST_DEEP} below each other"]
            }
        permissions.add_team_parent(below, long[0])
