from __future__ import annotations

from tests.unit.yoto.cache.builders import CHANNEL_3, SERVER_7, entry
from yoto.cache import ACCOUNT_PLACE, Entry, StoreSettings, place_key
from yoto.cache.local import Slot, UserStore
from yoto.cache.tags import DirtySet


def slot(one: Entry) -> Slot:
    return Slot(one.mask, 1e12, 1e12, one)


def filled(*entries: Entry, size: int = 10, places: int = 10) -> UserStore:
    store = UserStore(StoreSettings(size, 900.0), places)
    for one in entries:
        store.put(slot(one))
    return store


def users_left(store: UserStore, place: int = 0) -> set[int]:
    return {user_id for user_id in range(20) if store.slot(user_id, place)}


def test_a_user_who_is_dropped_is_dropped_in_all_places() -> None:
    store = filled(entry(user_id=1), entry(user_id=1, place=SERVER_7), entry(user_id=2))
    store.drop(DirtySet(users={1}))
    assert store.slot(1, 0) is store.slot(1, SERVER_7) is None
    assert users_left(store) == {2}


def test_a_role_a_server_and_a_channel_drop_what_was_made_from_them() -> None:
    def store() -> UserStore:
        return filled(
            entry(user_id=1, roles=frozenset({9, 8})),
            entry(user_id=2, place=SERVER_7),
            entry(user_id=3, place=CHANNEL_3, above=(SERVER_7,)),
            entry(user_id=4),
        )

    def left(dirty: DirtySet) -> set[int]:
        one = store()
        one.drop(dirty)
        return {u for u in range(9) for p in (0, SERVER_7, CHANNEL_3) if one.slot(u, p)}

    assert left(DirtySet(roles={9})) == {2, 3, 4}
    assert left(DirtySet(nodes={SERVER_7})) == {1, 4}
    assert left(DirtySet(nodes={CHANNEL_3})) == {1, 2, 4}
    # A server's number is no channel's.
    assert left(DirtySet(nodes={place_key("channel", 7), place_key("server", 3)}, roles={1})) == {
        1,
        2,
        3,
        4,
    }
    assert left(DirtySet(everything=True)) == set()


def test_users_without_a_place_left_take_no_room() -> None:
    store = filled(entry(user_id=2, place=SERVER_7), entry(user_id=4))
    store.drop(DirtySet(nodes={SERVER_7}))
    assert len(store) == 1


def test_the_user_who_was_asked_for_least_recently_makes_room() -> None:
    store = filled(entry(user_id=1), entry(user_id=2), entry(user_id=3), size=3)
    store.find(1)
    store.put(slot(entry(user_id=4)))
    assert users_left(store) == {1, 3, 4}
    assert (len(store), store.evictions) == (3, 1)


def test_places_of_a_user_are_bounded() -> None:
    store = filled(*[entry(place=place_key("server", server)) for server in range(1, 6)], places=3)
    assert {n for n in range(1, 6) if store.slot(1, place_key("server", n))} == {3, 4, 5}
    assert store.evictions == 2
    store.put(slot(entry(place=place_key("server", 5))))
    assert store.evictions == 2


def test_a_smaller_bound_takes_out_what_was_used_least_recently_step_by_step() -> None:
    store = filled(*(entry(user_id=n) for n in range(6)), size=6)
    find = store.find
    assert find(0) is not None
    assert not store.resize(3, most=2)
    assert store.resize(3, most=2)
    assert users_left(store) == {4, 5, 0}
    assert store.evictions == 3
    store.put(slot(entry(user_id=7)))
    assert len(store) == 3 and store.find is find and find(7) is not None


def test_a_larger_bound_holds_from_the_next_entry_on() -> None:
    store = filled(*(entry(user_id=n) for n in range(3)), size=2)
    assert store.resize(3, most=1)
    store.put(slot(entry(user_id=9)))
    assert (len(store), store.evictions) == (3, 1)


def test_of_the_places_of_a_user_the_account_goes_last() -> None:
    store = filled(entry(user_id=1, place=ACCOUNT_PLACE), entry(user_id=1), places=2)
    store.put(slot(entry(user_id=1, place=SERVER_7)))
    assert store.slot(1, ACCOUNT_PLACE) is not None and store.slot(1, 0) is None
    narrow = filled(entry(user_id=1, place=ACCOUNT_PLACE), entry(user_id=1), places=1)
    assert narrow.slot(1, ACCOUNT_PLACE) is None and narrow.slot(1, 0) is not None
