from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.yoto.cache.builders import CHANNEL_3, SERVER_7, entry
from yoto.cache import Position, key_text, place_key
from yoto.cache.entry import Entry
from yoto.cache.floors import Floors
from yoto.cache.tags import DirtySet

IN_CHANNEL = entry(10, user_id=1, place=CHANNEL_3, above=(SERVER_7,), roles=frozenset({9, 8}))


def raised(tag: str, position: int) -> Floors:
    floors = Floors()
    floors.raise_to(DirtySet.of([tag]), Position(position))
    return floors


def test_an_entry_is_refused_below_each_floor_that_concerns_it() -> None:
    for tag in ("user:1", "channel:3", "server:7", "role:9", "role:8", "global"):
        assert not raised(tag, 11).admits(IN_CHANNEL), tag
        assert raised(tag, 10).admits(IN_CHANNEL), tag


def test_floors_of_others_do_not_concern_it() -> None:
    for tag in ("user:2", "channel:7", "server:3", "role:1", "policy"):
        assert raised(tag, 11).admits(IN_CHANNEL), tag


def test_nothing_is_believed_that_was_loaded_before_the_log_was_read() -> None:
    assert not Floors().admits(entry(0))
    assert Floors().admits(entry(1))


def test_a_floor_never_sinks() -> None:
    floors = raised("user:1", 20)
    floors.raise_to(DirtySet.of(["user:1", "global"]), Position(15))
    assert not floors.admits(entry(19))
    assert floors.admits(entry(20))


def test_the_oldest_floors_are_folded_into_one_for_all_when_there_are_too_many() -> None:
    floors = Floors(limit=3)
    for user_id in range(1, 6):
        floors.raise_to(DirtySet(users={user_id}), Position(user_id * 10))
    assert len(floors.users) == 3
    # Users 1 and 2 were folded at 10 and 20.
    assert not floors.admits(entry(19, user_id=99))
    assert floors.admits(entry(20, user_id=99))
    assert not floors.admits(entry(49, user_id=5))


tag = st.builds(
    lambda kind, number: f"{kind}:{number}",
    st.sampled_from(["user", "role", "server", "channel"]),
    st.integers(1, 4),
)
events = st.lists(st.lists(tag | st.just("global"), min_size=1, max_size=3), max_size=30)
SERVER_1 = place_key("server", 1)
places = st.sampled_from([0, SERVER_1, place_key("server", 2), place_key("channel", 1), CHANNEL_3])


@given(events, st.integers(1, 4), places, st.sets(st.integers(1, 4)), st.integers(0, 31))
def test_no_event_after_an_entry_is_ever_overlooked(
    history: list[list[str]], user_id: int, place: int, roles: set[int], position: int
) -> None:
    one: Entry = entry(position, user_id, place, above=(SERVER_1,), roles=frozenset(roles))
    about = {f"user:{user_id}", "server:1", "global"} | {f"role:{role}" for role in roles}
    if place:
        about.add(key_text(place))
    exact, folding = Floors(), Floors(limit=2)
    for number, tags in enumerate(history, start=1):
        for floors in (exact, folding):
            floors.raise_to(DirtySet.of(tags), Position(number))
    later = {word for tags in history[position:] for word in tags}
    believable = position >= 1 and not later & about
    assert exact.admits(one) == believable
    assert believable or not folding.admits(one)
