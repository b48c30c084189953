"""``flask permission explain``."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from tests.support.world import World

IN_CHANNEL = ("message.send", "--scope", "channel", "--scope-id")


@pytest.mark.parametrize("by", ["username", "id"])
def test_explain_says_why_and_what_would_turn_it(app: Flask, world: World, by: str) -> None:
    harbour = world.server()
    person = world.member(harbour, timeout_until=world.soon())
    question = ("permission", "explain", str(getattr(person, by)), *IN_CHANNEL)
    ran = app.test_cli_runner().invoke(args=[*question, str(harbour.channel_id)])
    assert ran.exit_code == 0, ran.output
    assert "timed_out" in ran.output and "end the user's time-out" in ran.output
    ran = app.test_cli_runner().invoke(args=[*question, str(harbour.channel_id), "--json"])
    assert json.loads(ran.output)["reason"] == "timed_out"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nobody", "message.send"), "unknown user"),
        (("1", "no.such"), "unknown permission"),
        (("1", *IN_CHANNEL, "99"), "no channel 99"),
    ],
)
def test_explain_names_what_is_wrong(app: Flask, arguments: tuple[str, ...], said: str) -> None:
    ran = app.test_cli_runner().invoke(args=["permission", "explain", *arguments])
    assert ran.exit_code == 1 and said in ran.output
