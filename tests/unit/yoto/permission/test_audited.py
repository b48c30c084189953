"""Records of the audit log as they are read by what goes back in time."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from yoto.nodes import APPLICATIONS
from yoto.permission import audited


def record(subject: str, before: Any = None, after: Any = None) -> Any:
    return SimpleNamespace(subject=subject, before=before, after=after)


def test_a_subject_is_known_by_its_number() -> None:
    assert audited.subject_id(record("role:9")) == 9
    assert audited.program_of(record("application:3")) == APPLICATIONS + 3


@pytest.mark.parametrize(
    ("subject", "alone"), [("user:7", True), ("team:7", False), ("public", False)]
)
def test_a_record_about_a_user_can_change_only_their_verdict(subject: str, alone: bool) -> None:
    assert audited.is_about_one(record(subject)) is alone


@pytest.mark.parametrize("absent", [None, "text", [1]])
def test_values_that_are_no_object_are_none(absent: Any) -> None:
    assert audited.before_of(record("role:9", before=absent)) == {}
    assert audited.after_of(record("role:9", after=absent)) == {}


@pytest.mark.parametrize(
    ("subject", "owner"),
    [
        ("user:7", "user:7"),
        ("team:5", "team:5"),
        ("public", "public"),
        ("server:2", "everyone:server:2"),
    ],
)
def test_who_holds_a_role_is_called_as_in_the_table_of_assignments(
    subject: str, owner: str
) -> None:
    assert audited.owner_of(record(subject)) == owner


def test_teams_are_nested_by_what_was_and_by_what_is() -> None:
    assert audited.nested_by(record("team:1", None, {"parent_id": 2})) == {(1, 2)}
    assert audited.nested_by(record("team:1", {"parent_id": 2})) == {(1, 2)}
    deleted = record("team:1", {"parents": [2, 3], "children": [4]})
    assert audited.nested_by(deleted) == {(1, 2), (1, 3), (4, 1)}


def test_members_of_a_team_are_read_as_numbers_and_with_their_windows() -> None:
    joined = record("team:1", None, {"members": [7, 8]})
    deleted = record("team:1", {"members": [{"user_id": 9}]})
    assert (audited.members_by(joined), audited.members_by(deleted)) == ({7, 8}, {9})


def test_an_overwrite_is_for_a_role_a_user_or_a_team() -> None:
    found = [audited.target_of({kind: 4, "allow": []}) for kind in ("role", "user", "team")]
    assert found == ["role:4", "user:4", "team:4"]


def test_a_window_is_in_epoch_seconds_and_may_be_open() -> None:
    noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    values = {"valid_from": noon.isoformat(), "valid_until": None}
    assert audited.window_of(values) == (noon.timestamp(), None)
