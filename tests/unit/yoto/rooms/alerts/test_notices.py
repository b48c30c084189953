"""The notices that are due, and the webhooks that hear of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from yoto.monitor.alert_rules import Level
from yoto.rooms.alerts.machine import Cause
from yoto.rooms.alerts.notices import concerns, unannounced
from yoto.rooms.alerts.records import EVERY_RULE, Alert, Silence, Webhook

NOW = 1_000.0
ALERT = Alert(
    id=1,
    key="load",
    rule="load",
    labels={"instance": "a"},
    level=Level.ERROR,
    value=1.0,
    limit=1.0,
    peak_level=Level.ERROR,
    peak_value=1.0,
    cause=Cause.VALUE,
    text="",
    raised_at=NOW,
    changed_at=NOW,
)


def silence(**fields: Any) -> Silence:
    standard: dict[str, Any] = {"rule": "load", "labels": {}, "until": NOW + 1}
    made = {**standard, **fields}
    return Silence(id=1, by="ada", reason="", created_at=NOW, **made)


@pytest.mark.parametrize(
    ("fields", "silent"),
    [
        ({}, True),
        ({"rule": EVERY_RULE}, True),
        ({"rule": "other"}, False),
        ({"labels": {"instance": "a"}}, True),
        ({"labels": {"instance": "b"}}, False),
        ({"labels": {"instance": "a", "team": "core"}}, False),
        ({"until": NOW}, False),
        ({"ended_at": NOW - 1}, False),
    ],
)
def test_a_silence_is_about_what_it_says_and_until_then(
    fields: dict[str, Any], silent: bool
) -> None:
    assert unannounced([ALERT], [silence(**fields)], NOW) == ([] if silent else [ALERT])


def test_what_was_told_is_not_told_again_until_its_level_changes() -> None:
    told = replace(ALERT, told_level=Level.ERROR)
    assert unannounced([told], [], NOW) == []
    risen = replace(told, level=Level.CRITICAL)
    assert unannounced([risen], [], NOW) == [risen]
    assert unannounced([replace(risen, resolved_at=NOW)], [], NOW) == []


@pytest.mark.parametrize(
    ("old", "new", "heard"),
    [
        (None, Level.WARNING, False),
        (None, Level.ERROR, True),
        (Level.WARNING, Level.CRITICAL, True),
        (Level.ERROR, Level.WARNING, True),
        (Level.ERROR, None, True),
        (Level.WARNING, None, False),
    ],
)
def test_a_webhook_hears_of_what_was_or_is_bad_enough(
    old: Level | None, new: Level | None, heard: bool
) -> None:
    hook = Webhook(
        id=1,
        name="w",
        url="https://example.org",
        secret="",
        min_level=Level.ERROR,
        created_by="ada",
        created_at=0,
    )
    assert concerns(hook, old, new) is heard
