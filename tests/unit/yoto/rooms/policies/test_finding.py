"""The policy engine in the status."""

from __future__ import annotations

import pytest

from yoto.operate.live.components import FAILED, OK, UNKNOWN, Part, overall
from yoto.rooms.policies import EngineHealth
from yoto.rooms.policies.finding import engine_part


@pytest.mark.parametrize(
    ("said", "state"), [("ok", OK), ("unavailable", FAILED), ("unknown", UNKNOWN)]
)
def test_the_whole_is_no_better_than_the_policy_engine(said: str, state: str) -> None:
    found = engine_part(EngineHealth(said, "as it is"), 1)  # type: ignore[arg-type]
    assert overall([Part("x", "store", OK, "", 0), found]) == state
