from __future__ import annotations

from typing import Any

import pytest

from yoto.redis.clients import blocking_seconds


@pytest.mark.parametrize(
    ("command", "seconds"),
    [
        (("GET", "BLOCK"), 0.0),
        (("XREAD", b"COUNT", 10, b"BLOCK", 1500, b"STREAMS", "s", "$"), 1.5),
        (("XREAD", b"COUNT", 10, b"STREAMS", "s", "$"), 0.0),
        (("XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">"), None),
        (("BLPOP", "a", "b", 2), 2.0),
        (("BLMOVE", "a", "b", "LEFT", "RIGHT", 0.5), 0.5),
        (("BZMPOP", 3, 1, "z", "MIN"), 3.0),
        (("BRPOP", "a", 0), None),
    ],
)
def test_the_wait_that_a_command_asks_for_is_known(
    command: tuple[Any, ...], seconds: float | None
) -> None:
    assert blocking_seconds(command) == seconds
