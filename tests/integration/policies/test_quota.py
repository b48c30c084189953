"""Quotas from the counters of the limiters, through the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.integration.policies.conftest import (
    ALWAYS,
    Put,
    codes,
    send,
    set_channel_rules,
)
from tests.support.world import Community, World


def test_somebody_with_too_little_left_is_denied(
    client: FlaskClient, world: World, harbour: Community, put: Put
) -> None:
    put("quota", {"reserves": {"message.send": {"limiter": "message.send", "remaining": 15}}})
    set_channel_rules(client, harbour.channel_id, harbour.owner, hours=ALWAYS)
    member = world.member(harbour)
    # The limit is 20 at once; the message that is being sent was counted before it is judged.
    statuses = [send(client, harbour.channel_id, member).status_code for _ in range(3)]
    assert statuses == [201] * 3
    last = [send(client, harbour.channel_id, member) for _ in range(12)][-1]
    assert codes(last) == ["quota_too_low"]
    assert send(client, harbour.channel_id, harbour.owner).status_code == 201


@pytest.mark.parametrize(
    "reserves",
    [
        ["message.send"],
        {"message.send": 5},
        {"message.send": None},
        {"message.send": ["limiter"]},
        {"message.send": {"limiter": 5}},
    ],
)
def test_a_document_that_holds_no_reserves_is_what_is_missing(
    client: FlaskClient, harbour: Community, put: Put, reserves: Any
) -> None:
    set_channel_rules(client, harbour.channel_id, harbour.owner, hours=ALWAYS)
    put("quota", {"reserves": reserves})
    assert codes(send(client, harbour.channel_id, harbour.owner)) == ["missing:data.quota"]
