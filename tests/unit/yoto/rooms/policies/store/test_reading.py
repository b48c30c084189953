"""Differences of texts, line by line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yoto.rooms.policies.store.reading import lines_between

LINES = st.lists(st.sampled_from(["", "a", "b", "{"]), max_size=12)


@given(LINES, LINES)
def test_both_texts_can_be_read_from_their_difference(old: list[str], new: list[str]) -> None:
    found = lines_between(
        "".join(f"{line}\n" for line in old), "".join(f"{line}\n" for line in new)
    )
    for line in found:
        if line.old is not None:
            assert line.text == old[line.old - 1]
        if line.new is not None:
            assert line.text == new[line.new - 1]
    gone = {line.old for line in found if line.mark == "removed"}
    came = {line.new for line in found if line.mark == "added"}
    kept = [line for number, line in enumerate(old, 1) if number not in gone]
    assert kept == [line for number, line in enumerate(new, 1) if number not in came]
    assert bool(found) is (old != new)


def test_equal_lines_far_from_any_change_are_left_out() -> None:
    old = "\n".join(str(number) for number in range(20))
    found = lines_between(old, old.replace("\n10\n", "\nten\n"), context=1)
    assert [(line.mark, line.text) for line in found] == [
        ("left_out", ""),
        ("same", "9"),
        ("removed", "10"),
        ("added", "ten"),
        ("same", "11"),
        ("left_out", ""),
    ]
