"""When a tailer must say that events may be missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yoto.events.stream import Gap, StreamInfo, find_gap, position


def test_nothing_is_missing_in_a_stream_that_still_has_what_was_seen() -> None:
    info = StreamInfo(first_id="1-0", last_id="9-0", trimmed=0)
    assert find_gap("5-0", "9-0", info) == (None, "9-0")


def test_a_quiet_stream_leaves_no_gap() -> None:
    info = StreamInfo(first_id="1-0", last_id="5-0", trimmed=40)
    assert find_gap("5-0", "5-0", info) == (None, "5-0")


def test_entries_trimmed_before_they_were_read_are_a_gap() -> None:
    info = StreamInfo(first_id="7-0", last_id="9-0", trimmed=6)
    assert find_gap("5-0", "9-0", info) == (Gap("trimmed", "5-0"), "9-0")


def test_a_stream_that_is_gone_is_lost_and_read_from_its_beginning() -> None:
    info = StreamInfo(first_id=None, last_id="0-0", trimmed=0)
    assert find_gap("5-0", "5-0", info) == (Gap("lost", "5-0"), "0-0")


def test_a_new_primary_that_lacks_the_last_entries_is_a_loss() -> None:
    info = StreamInfo(first_id="1-0", last_id="4-0", trimmed=0)
    assert find_gap("5-0", "5-0", info) == (Gap("lost", "5-0"), "4-0")


def test_a_stream_made_anew_is_a_gap() -> None:
    info = StreamInfo(first_id="8-0", last_id="8-0", trimmed=0)
    assert find_gap("5-0", "8-0", info) == (Gap("trimmed", "5-0"), "8-0")


def test_the_first_entry_of_a_stream_that_was_empty_is_no_gap() -> None:
    info = StreamInfo(first_id="8-0", last_id="8-0", trimmed=0)
    assert find_gap("0-0", "8-0", info) == (None, "8-0")


def test_a_flood_that_was_trimmed_from_the_start_is_a_gap() -> None:
    info = StreamInfo(first_id="8-0", last_id="8-0", trimmed=7)
    assert find_gap("0-0", "8-0", info) == (Gap("trimmed", "0-0"), "8-0")


def test_a_stream_cleared_after_all_was_read_leaves_no_gap() -> None:
    info = StreamInfo(first_id=None, last_id="5-0", trimmed=5)
    assert find_gap("5-0", "5-0", info) == (None, "5-0")


def test_entries_cleared_unread_are_a_gap() -> None:
    info = StreamInfo(first_id=None, last_id="9-0", trimmed=9)
    assert find_gap("5-0", "5-0", info) == (Gap("trimmed", "5-0"), "9-0")


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 40))
def test_an_unread_entry_that_was_trimmed_is_always_noticed(
    written: int, seen: int, trimmed: int
) -> None:
    seen, trimmed = min(seen, written), min(trimmed, written)
    left = list(range(trimmed + 1, written + 1))
    info = StreamInfo(f"{left[0]}-0" if left else None, f"{written}-0", trimmed)
    batch = [entry for entry in left if entry > seen]
    after = batch[-1] if batch else seen
    gap, _ = find_gap(f"{seen}-0", f"{after}-0", info)
    if trimmed > seen:
        assert gap is not None


def test_ids_are_ordered_by_number_and_not_by_text() -> None:
    assert position("9-10") > position("9-9") > position("8-99")
