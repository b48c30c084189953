from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.yoto.cache.builders import CHANNEL_3, SERVER_7
from yoto.cache import place_key, tags
from yoto.cache.tags import DirtySet, is_known
from yoto.nodes import MAX_ID


def test_subjects_are_sorted_by_kind() -> None:
    dirty = DirtySet.of(["user:42", "role:9", "server:7", "channel:3", "user:43"])
    assert dirty == DirtySet(users={42, 43}, roles={9}, nodes={SERVER_7, CHANNEL_3})


def test_global_touches_everything_and_a_policy_no_entry() -> None:
    assert DirtySet.of([tags.GLOBAL]) == DirtySet(everything=True)
    assert not DirtySet.of([tags.POLICY])


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "of_a_later_version:5",
        "user",
        "user:",
        "user:x",
        "user:0",
        "user:-1",
        "user:+1",
        "user: 1",
        "user:1_0",
        "user:١",
        "user:9223372036854775808",
        "user:" + "9" * 5_000,
        "policy:rbac",
        "globally",
    ],
)
def test_what_this_version_does_not_know_touches_everything(tag: str) -> None:
    assert DirtySet.of([tag]).everything
    assert not is_known(tag)


@given(st.integers(1, MAX_ID))
def test_every_subject_that_is_built_is_known(subject_id: int) -> None:
    built = [build(subject_id) for build in (tags.user, tags.role, tags.team)]
    for tag in (*built, tags.node("server", subject_id)):
        assert is_known(tag)
        assert not DirtySet.of([tag]).everything


def test_what_is_only_to_be_forgotten_is_kept_apart() -> None:
    dirty = DirtySet.of(["user:1", tags.memory("user:2"), tags.memory("global")])
    assert dirty == DirtySet(users={1}, remembered=DirtySet(everything=True, users={2}))
    assert DirtySet.of([tags.memory("role:9")])
    assert is_known(tags.memory("role:9"))


@pytest.mark.parametrize(
    "tag", ["memory:", "memory:policy", "memory:of_a_later_version:5", "memory:memory:user:1"]
)
def test_what_cannot_be_forgotten_alone_touches_everything(tag: str) -> None:
    assert DirtySet.of([tag]).everything
    assert not is_known(tag)


def test_merging_adds_up() -> None:
    total = DirtySet.of(["user:1", "role:2"])
    total.merge(DirtySet.of(["user:3", "server:4"]))
    assert total == DirtySet(users={1, 3}, roles={2}, nodes={place_key("server", 4)})
    total.merge(DirtySet(everything=True))
    assert total.everything


def test_merging_adds_up_what_is_only_to_be_forgotten() -> None:
    total = DirtySet.of(["user:1"])
    total.merge(DirtySet.of([tags.memory("user:2")]))
    total.merge(DirtySet.of([tags.memory("server:3")]))
    assert total == DirtySet(
        users={1}, remembered=DirtySet(users={2}, nodes={place_key("server", 3)})
    )
