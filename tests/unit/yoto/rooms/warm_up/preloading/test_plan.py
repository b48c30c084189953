"""The entries that are brought into memory, and their order."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from yoto.rooms.warm_up.preloading.plan import plan

PAIRS = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=60)


def test_people_in_one_place_are_asked_for_together_and_the_hottest_place_comes_first() -> None:
    batches = plan([(1, 7), (2, 9), (3, 7), (4, 7)], 10, 10, users_a_batch=2)
    assert [tuple(batch) for batch in batches] == [(7, (1, 3)), (9, (2,)), (7, (4,))]


@given(PAIRS, st.integers(1, 70), st.integers(1, 5), st.integers(1, 4))
def test_a_plan_keeps_to_its_limits_and_takes_the_hottest_each_once(
    pairs: list[tuple[int, int]], entries: int, places: int, users: int
) -> None:
    batches = plan(pairs, entries, places, users)
    taken = [pair for batch in batches for pair in batch.pairs]
    assert len(set(taken)) == len(taken) <= entries
    assert all(1 <= len(batch.user_ids) <= users for batch in batches)
    assert max(Counter(user_id for user_id, _ in taken).values(), default=0) <= places
    # One after the other, as long as there is room.
    room: Counter[int] = Counter()
    expected = set()
    for pair in dict.fromkeys(pairs):
        if len(expected) < entries and room[pair[0]] < places:
            expected.add(pair)
            room[pair[0]] += 1
    assert set(taken) == expected
    firsts = [pairs.index(batch.pairs[0]) for batch in batches]
    assert firsts == sorted(firsts)
