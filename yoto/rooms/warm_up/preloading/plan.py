"""Plans the entries to bring into memory, and their order. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from yoto.cache import PlaceKey
from yoto.rooms.warm_up.hot import Pair

# Users a statement: few enough to take milliseconds, also where one thread serves all requests.
USERS_A_BATCH = 100


class PreloadBatch(NamedTuple):
    """Users whose entries in one place are asked for together."""

    place: PlaceKey
    user_ids: tuple[int, ...]

    @property
    def pairs(self) -> list[Pair]:
        """The users with their place, one by one."""
        return [(user_id, self.place) for user_id in self.user_ids]


def plan(
    pairs: Iterable[Pair], entries: int, places_a_user: int, users_a_batch: int = USERS_A_BATCH
) -> list[PreloadBatch]:
    """Batches of the first of ``pairs``, which come hottest first.

    Batches are in the order of their hottest pair: a run that stops early has loaded the most
    important.

    Args:
        entries: the most pairs to take.
        places_a_user: the most places of one user; memory keeps no more.
    """
    by_place: dict[PlaceKey, list[int]] = {}
    places_of: Counter[int] = Counter()
    rank: dict[Pair, int] = {}
    for user_id, place in pairs:
        if len(rank) >= entries:
            break
        if (user_id, place) in rank or places_of[user_id] >= places_a_user:
            continue
        rank[user_id, place] = len(rank)
        places_of[user_id] += 1
        by_place.setdefault(place, []).append(user_id)
    batches = [
        PreloadBatch(place, tuple(user_ids[start : start + users_a_batch]))
        for place, user_ids in by_place.items()
        for start in range(0, len(user_ids), users_a_batch)
    ]
    return sorted(batches, key=lambda batch: rank[batch.pairs[0]])
