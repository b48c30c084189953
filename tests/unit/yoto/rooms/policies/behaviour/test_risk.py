"""The risk number: bounded, the sum of its parts, and never lower for worse behaviour."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from yoto.rooms.policies.behaviour.risk import Behaviour, risk_of

counts = st.floats(0, 1e6)
behaviours = st.builds(
    Behaviour,
    failed_sign_ins=counts,
    denials=counts,
    acts=counts,
    hours=st.dictionaries(st.integers(0, 23), counts, max_size=24),
    hour=st.integers(0, 23),
)
ages = st.floats(0, 10_000)


@given(behaviours, ages)
def test_it_is_the_sum_of_its_parts_and_at_most_100(behaviour: Behaviour, age: float) -> None:
    risk = risk_of(behaviour, age)
    assert 0 <= risk.score <= 100
    assert abs(risk.score - min(100.0, sum(risk.parts.values()))) < 0.02


@given(behaviours, ages, st.sampled_from(["failed_sign_ins", "denials", "acts"]), counts)
def test_more_of_the_same_never_lowers_it(
    behaviour: Behaviour, age: float, what: str, more: float
) -> None:
    worse = replace(behaviour, **{what: getattr(behaviour, what) + more})
    assert risk_of(worse, age).score >= risk_of(behaviour, age).score


def test_somebody_of_whom_nothing_is_known_is_no_risk() -> None:
    assert risk_of(Behaviour(), account_age_days=100).score == 0


def test_a_new_account_is_a_small_one() -> None:
    assert risk_of(Behaviour(), account_age_days=0.5).parts["new_account"] == 10


def test_an_hour_is_unusual_only_for_somebody_who_is_known() -> None:
    by_day = {hour: 10.0 for hour in range(8, 18)}
    night = Behaviour(hours=by_day, hour=3)
    assert risk_of(night, 100).parts["unusual_hour"] == 20
    assert risk_of(replace(night, hour=12), 100).parts["unusual_hour"] == 0
    assert risk_of(replace(night, hours={12: 5.0}), 100).parts["unusual_hour"] == 0


def test_midnight_lies_beside_the_hours_before_and_after() -> None:
    late = Behaviour(hours={23: 40.0}, hour=0)
    assert risk_of(late, 100).parts["unusual_hour"] == 0


@given(behaviours, ages, st.floats(0, 1), st.floats(0, 1))
def test_unusual_behaviour_only_ever_raises_it(
    behaviour: Behaviour, age: float, one: float, other: float
) -> None:
    less, more = sorted((one, other))
    plain = risk_of(behaviour, age)
    assert plain.score <= risk_of(behaviour, age, less).score
    assert risk_of(behaviour, age, less).score <= risk_of(behaviour, age, more).score


def test_what_is_unknown_is_no_part() -> None:
    assert "unusual_behaviour" not in risk_of(Behaviour(), 100).parts
    assert risk_of(Behaviour(), 100, 0.0).parts["unusual_behaviour"] == 0
    assert risk_of(Behaviour(), 100, 1.0).parts["unusual_behaviour"] == 20
