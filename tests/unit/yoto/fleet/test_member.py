"""How a worker ended, from the code that its process returned."""

from __future__ import annotations

import pytest

from yoto.fleet import End


@pytest.mark.parametrize(
    ("returncode", "end"),
    [
        (0, End(how="exit", code=0)),
        (3, End(how="exit", code=3)),
        (-9, End(how="signal", signal="SIGKILL")),
        (-15, End(how="signal", signal="SIGTERM")),
        (-250, End(how="signal", signal="250")),
    ],
)
def test_a_code_below_zero_is_the_number_of_a_signal(returncode: int, end: End) -> None:
    assert End.of_returncode(returncode) == end
