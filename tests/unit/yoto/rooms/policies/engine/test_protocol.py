"""Which workers join a fleet, by the engine that the record of the policies names."""

from __future__ import annotations

import pytest

from yoto.rooms.policies.engine.protocol import fault_of, record_of


@pytest.mark.parametrize(
    ("recorded", "own"),
    [(None, "opa 1"), ("opa 1", None), ("regorus 1", "regorus 1"), ("regorus 1", "regorus 2")],
)
def test_the_same_engine_of_this_level_or_a_later_one_joins(
    recorded: str | None, own: str | None
) -> None:
    assert fault_of(recorded, own) == ""


@pytest.mark.parametrize(
    ("recorded", "own", "remedy"),
    [
        ("regorus 1", "regopy 1", "run regorus here, too"),
        ("regorus 1", "opa 3", "run regorus here, too"),
        ("regorus 2", "regorus 1", "run the release of the other workers here, too"),
    ],
)
def test_any_other_is_refused_with_the_reason_and_the_way_round(
    recorded: str, own: str, remedy: str
) -> None:
    fault = fault_of(recorded, own)
    assert remedy in fault and "YOTO_POLICY_PORTABLE=1 on all workers" in fault
    assert "\n" not in fault


def test_a_portable_fleet_names_no_engine() -> None:
    assert record_of("regorus", portable=True) is None
    assert record_of("regorus", portable=False) == "regorus 1"
