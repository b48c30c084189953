"""An application without the room, on a database in which there were alerts before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.support.applications import another_app
from tests.support.operators import VIEW, ControlClient, control_client
from tests.support.world import World
from yoto.collectors import health_components
from yoto.extensions import permissions
from yoto.rooms.alerts.extension import alerts
from yoto.rooms.alerts.model import AlertDeliveryRow, AlertRow, AlertWebhookRow
from yoto.sealing import Sealer
from yoto.store.columns import utcnow

KEY, NEXT_KEY = "the key while there were alerts", "the key after them"


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return {**app_config, "SECRET_KEY": KEY, "ALERT_WEBHOOK_ALLOW_INTERNAL": True}


@pytest.fixture
def before(app: Flask, world: World) -> None:
    """An open alert, a threshold of operators, and a webhook that wants access requests."""
    with app.app_context():
        alerts.rules.set("hit_rate", {"warning": 0.9, "error": 0.85}, by="cli:ada")
        url = "http://127.0.0.1:9/"
        alerts.webhooks.add("pager", url, by="cli:ada", access_requests=True)
        now = utcnow()
        about = {"rule": "hit_rate", "labels": {}, "level": "error", "peak_level": "error"}
        times = {"raised_at": now, "changed_at": now}
        open_key = "0" * 64
        world.add(AlertRow(open_key=open_key, cause="value", text="low", **about, **times))


@pytest.fixture
def without(
    app: Flask, before: None, app_config: dict[str, Any], tmp_path: Path
) -> Iterator[Flask]:
    """Another application on the same database, with access requests alone."""
    config = {key: value for key, value in app_config.items() if not key.startswith("ALERT_")}
    with another_app(config | {"ROOMS": "access_requests"}, tmp_path / "without") as made:
        yield made


@pytest.fixture
def viewer(without: Flask, world: World) -> ControlClient:
    return control_client(without, world, VIEW)


def test_health_still_has_the_limits_that_operators_set(without: Flask) -> None:
    with without.app_context():
        [cache] = [one for one in health_components(without) if one.name == "cache"]
    assert (cache.good, cache.warning) == (0.9, 0.85)


def test_the_headline_says_nothing_of_alerts(viewer: ControlClient) -> None:
    headline = viewer.get("/status").get_json()["headline"]
    assert "alert" not in {one["kind"] for one in headline["causes"]}
    assert "alerts" not in str(headline)


def test_a_new_installation_needs_no_webhook(viewer: ControlClient) -> None:
    steps = {one["name"] for one in viewer.get("/first-steps").get_json()["items"]}
    assert "second_administrator" in steps and not steps & {"webhook", "alert_test"}


def test_the_search_finds_neither_rules_nor_the_parts_that_set_them(viewer: ControlClient) -> None:
    for text in ("hit_rate", "threshold", "webhook"):
        assert viewer.get("/search", text=text).get_json()["items"] == []


def test_a_step_of_a_request_is_sent_nowhere(without: Flask, world: World) -> None:
    community = world.server()
    member = world.member(community, world.user("member"))
    with without.app_context():
        place = ("channel", community.channel_id)
        permissions.access_requests.ask(member.id, "message.pin", *place, 600, "notes")
    assert world.rows(select(func.count()).select_from(AlertDeliveryRow)) == [(0,)]


def test_secrets_of_webhooks_are_sealed_with_the_next_key_all_the_same(
    without: Flask, world: World
) -> None:
    without.config["SECRET_KEY"] = NEXT_KEY
    arguments = ["secrets", "reseal", "--previous-key", KEY, "--reason", "rotated"]
    result = without.test_cli_runner().invoke(args=arguments)
    assert "2 values are sealed" in result.output
    [(url,)] = world.rows(select(AlertWebhookRow.url))
    assert Sealer(NEXT_KEY).open(url, "alert_webhooks.url") == "http://127.0.0.1:9/"
