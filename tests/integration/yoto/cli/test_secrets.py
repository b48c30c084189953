"""Sealed values in the database, and a SECRET_KEY that is replaced."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.world import World
from yoto.rooms.alerts.extension import alerts
from yoto.rooms.alerts.model import AlertWebhookRow

OLD, NEW = "the first key of this test", "the second key of this test"
URL = "https://hooks.example.com/services/T0/B0/very-secret"


def reseal(app: Flask, previous: str, fails: bool = False) -> str:
    arguments = ["secrets", "reseal", "--previous-key", previous, "--reason", "rotated"]
    result = app.test_cli_runner().invoke(args=arguments)
    assert (result.exit_code != 0) is fails, result.output
    return result.output


def stored(world: World) -> str:
    return str(world.rows(select(AlertWebhookRow.url, AlertWebhookRow.secret)))


def test_a_webhook_is_sealed_and_outlives_another_key(
    app: Flask, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    app.config["SECRET_KEY"] = OLD
    with app.app_context():
        secret = alerts.webhooks.add("pager", URL, by="ada").secret
        (hook,) = alerts.webhooks.list()
        before = stored(world)
        assert "very-secret" not in before and secret not in before
        app.config["SECRET_KEY"] = NEW
        assert alerts.webhooks.list()[0].url == "unreadable://sealed-with-another-SECRET_KEY"
        outcome = alerts.webhooks.test(hook.id, by="ada")
        assert not outcome.delivered and "not allowed" in (outcome.error or "")
        assert "2 values were sealed with neither key" in reseal(app, "no key of ours", fails=True)
        assert stored(world) == before
        assert "2 values are sealed" in reseal(app, OLD)
        assert alerts.webhooks.list()[0].url == "https://hooks.example.com/..."
        assert "0 values are sealed" in reseal(app, OLD)
    acts = world.acts("secrets.reseal")
    assert [(act.after["resealed"], act.after["unreadable"]) for act in acts] == [
        (0, 2),
        (2, 0),
        (0, 0),
    ]
    assert OLD not in str(acts) and NEW not in str(acts)
    # Once, and not each time that it is read.
    assert caplog.text.count("the webhook 'pager' cannot be used") == 1
