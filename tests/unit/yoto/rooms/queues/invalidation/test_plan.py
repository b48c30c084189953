"""The items that each strategy takes, and those that become one."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.rooms.queues.invalidation import InvalidationSettings, Strategy
from yoto.rooms.queues.invalidation.names import Group
from yoto.rooms.queues.invalidation.plan import Line, Plan, Whole, merged, plan_for
from yoto.rooms.queues.invalidation.snapshot import GroupSize, InvalidationSnapshot

SETTINGS = InvalidationSettings(merge_above=20, global_above=200)
ALL = "global"

LARGE = Group("all", "server:7")
SMALL = Group("all", "server:8")
ONE = Group("all", "server:9")
UNCOVERED = Group("all", None)
MEMORY = Group("l1", "server:7")


def snapshot(*sizes: tuple[Group, int], unlisted: int = 0) -> InvalidationSnapshot:
    groups = sorted((GroupSize(*one) for one in sizes), key=lambda one: -one.items)
    return InvalidationSnapshot(
        now_ms=0,
        waiting=sum(one.items for one in groups),
        claimed=0,
        oldest_ms=0,
        later=0,
        next_due=None,
        groups=len(groups) + unlisted,
        largest=tuple(groups),
        oldest=tuple(group for group, _ in sizes),
        uncovered={group.level: items for group, items in sizes if group.covering is None},
        kinds={},
        reasons={},
        inflow=0,
        outflow=0,
        totals={},
        position=None,
        forced=None,
    )


SOME = snapshot((UNCOVERED, 5), (ONE, 1), (SMALL, 20), (MEMORY, 3), (LARGE, 21))


def plan(strategy: Strategy, seen: InvalidationSnapshot = SOME) -> Plan:
    return plan_for(strategy, seen, SETTINGS, ALL)


def test_conservative_takes_single_items_of_the_oldest_first_and_paces_them() -> None:
    assert plan(Strategy.CONSERVATIVE) == Plan(
        Strategy.CONSERVATIVE, singles=(UNCOVERED, ONE, SMALL, MEMORY, LARGE), paced=True
    )


def test_auto_covers_what_is_many_and_paces_the_rest() -> None:
    assert plan(Strategy.AUTO) == Plan(
        Strategy.AUTO,
        whole=(Whole(LARGE, "server:7"),),
        singles=(UNCOVERED, ONE, SMALL, MEMORY),
        paced=True,
    )


def test_aggressive_covers_whatever_is_more_than_one_and_paces_nothing() -> None:
    found = plan(Strategy.AGGRESSIVE)
    assert set(found.whole) == {
        Whole(LARGE, "server:7"),
        Whole(SMALL, "server:8"),
        Whole(MEMORY, "server:7"),
    }
    assert set(found.singles) == {UNCOVERED, ONE}
    assert not found.paced


@pytest.mark.parametrize(
    ("uncovered", "servers", "unlisted", "covers_all"),
    [
        (200, 0, 0, False),
        (201, 0, 0, True),
        (0, 200, 0, False),
        (0, 201, 0, True),
        (100, 101, 0, True),
        (1, 1, 200, True),
    ],
)
def test_too_many_subjects_become_everything(
    uncovered: int, servers: int, unlisted: int, covers_all: bool
) -> None:
    sizes = [(Group("all", f"server:{number}"), 2) for number in range(1, servers + 1)]
    sizes += [(UNCOVERED, uncovered)] if uncovered else []
    found = plan(Strategy.AGGRESSIVE, snapshot(*sizes, unlisted=unlisted))
    everything = {one.group for one in found.whole if one.subject == ALL}
    assert everything == ({group for group, _ in sizes} if covers_all else set())


def test_levels_do_not_become_one() -> None:
    """A flood of what is only to be forgotten must not make anything disbelieved."""
    seen = snapshot((Group("l1", None), 500), (UNCOVERED, 3))
    found = plan(Strategy.AGGRESSIVE, seen)
    assert found.whole == (Whole(Group("l1", None), ALL),)
    assert found.singles == (UNCOVERED,)


COVERINGS = st.sampled_from([None, "server:1", "server:2"])
GROUPS = st.builds(
    Group, st.sampled_from(["all", "l1"]), st.integers(1, 30).map(lambda one: f"server:{one}")
) | st.sampled_from([UNCOVERED, Group("l1", None)])


@given(
    st.sampled_from(list(Strategy)),
    st.dictionaries(GROUPS, st.integers(1, 1_000), min_size=1, max_size=40),
)
def test_every_strategy_takes_every_group_once(strategy: Strategy, sizes: dict[Group, int]) -> None:
    found = plan(strategy, snapshot(*sizes.items()))
    taken = Counter([one.group for one in found.whole] + list(found.singles))
    assert taken == Counter(sizes.keys())
    assert all(one.subject in (one.group.covering, ALL) for one in found.whole)


def test_lines_with_a_covering_subject_in_common_become_that_one() -> None:
    lines = [Line("all", f"user:{number}", "server:7") for number in range(1, 4)]
    assert merged(lines, above=2) == [("all", "server:7")]
    assert merged(lines, above=3) == [("all", f"user:{number}") for number in range(1, 4)]
    assert merged(lines[:2] * 5, above=2) == [("all", "user:1"), ("all", "user:2")]


def test_what_is_disbelieved_need_not_be_forgotten_too() -> None:
    assert merged([Line("l1", "user:1"), Line("all", "user:1")], above=9) == [("all", "user:1")]


@given(
    st.lists(
        st.builds(
            Line, st.just("all"), st.integers(1, 50).map(lambda one: f"user:{one}"), COVERINGS
        )
    ),
    st.integers(1, 20),
)
def test_every_line_is_published_or_covered(lines: list[Line], above: int) -> None:
    published = merged(lines, above)
    assert len(published) == len(set(published)) <= len(set(lines))
    for line in lines:
        assert ("all", line.subject) in published or ("all", line.covering) in published
