"""Several listeners to one passed check."""

from __future__ import annotations

from app.core.permission import Passage, Place
from app.wiring import tell_each


def test_each_is_told_in_order() -> None:
    told: list[tuple[str, int]] = []
    tell = tell_each(
        lambda passage: told.append(("first", passage.user_id)),
        lambda passage: told.append(("second", passage.user_id)),
    )
    tell(Passage(7, "message.send", Place("channel", 3)))
    assert told == [("first", 7), ("second", 7)]
