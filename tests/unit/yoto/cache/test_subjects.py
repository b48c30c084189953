from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.yoto.cache.builders import CHANNEL_3, SERVER_7
from yoto.cache import place_key, subjects
from yoto.cache.subjects import Touched, is_known
from yoto.nodes import MAX_ID


def test_subjects_are_sorted_by_kind() -> None:
    touched = Touched.of(["user:42", "role:9", "server:7", "channel:3", "user:43"])
    assert touched == Touched(users={42, 43}, roles={9}, nodes={SERVER_7, CHANNEL_3})


def test_global_touches_everything_and_a_policy_no_entry() -> None:
    assert Touched.of([subjects.GLOBAL]) == Touched(everything=True)
    assert not Touched.of([subjects.POLICY])


@pytest.mark.parametrize(
    "subject",
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
def test_what_this_version_does_not_know_touches_everything(subject: str) -> None:
    assert Touched.of([subject]).everything
    assert not is_known(subject)


@given(st.integers(1, MAX_ID))
def test_every_subject_that_is_built_is_known(subject_id: int) -> None:
    built = [build(subject_id) for build in (subjects.user, subjects.role, subjects.team)]
    for subject in (*built, subjects.node("server", subject_id)):
        assert is_known(subject)
        assert not Touched.of([subject]).everything


def test_what_is_only_to_be_forgotten_is_kept_apart() -> None:
    touched = Touched.of(["user:1", subjects.memory("user:2"), subjects.memory("global")])
    assert touched == Touched(users={1}, remembered=Touched(everything=True, users={2}))
    assert Touched.of([subjects.memory("role:9")])
    assert is_known(subjects.memory("role:9"))


@pytest.mark.parametrize(
    "subject", ["memory:", "memory:policy", "memory:of_a_later_version:5", "memory:memory:user:1"]
)
def test_what_cannot_be_forgotten_alone_touches_everything(subject: str) -> None:
    assert Touched.of([subject]).everything
    assert not is_known(subject)


def test_merging_adds_up() -> None:
    total = Touched.of(["user:1", "role:2"])
    total.merge(Touched.of(["user:3", "server:4"]))
    assert total == Touched(users={1, 3}, roles={2}, nodes={place_key("server", 4)})
    total.merge(Touched(everything=True))
    assert total.everything


def test_merging_adds_up_what_is_only_to_be_forgotten() -> None:
    total = Touched.of(["user:1"])
    total.merge(Touched.of([subjects.memory("user:2")]))
    total.merge(Touched.of([subjects.memory("server:3")]))
    assert total == Touched(
        users={1}, remembered=Touched(users={2}, nodes={place_key("server", 3)})
    )
