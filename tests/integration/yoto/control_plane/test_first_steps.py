"""The steps that a new installation still needs, on the overview and at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.integration.yoto.control_plane.conftest import OVERVIEW, Browser
from tests.support.webhook_receiver import Receiver, receiving
from tests.support.world import Person, World
from yoto.rooms.alerts.extension import alerts

STEPS = "/control/api/first-steps"


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return {**app_config, "ALERT_WEBHOOK_ALLOW_INTERNAL": True}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def admin(browser: Browser, operator: Person, world: World) -> Browser:
    role = world.role(None, "platform.view", "platform.admin", name="administrators")
    world.assign(operator, role)
    world.assign(world.user("disabled", disabled=True), role)
    browser.sign_in("olga")
    return browser


def undone(browser: Browser, **headers: str) -> list[str]:
    items = browser.client.get(STEPS, headers=headers).json["items"]
    return [step["name"] for step in items if not step["done"]]


def test_a_step_is_open_until_it_is_done(
    app: Flask, admin: Browser, world: World, receiver: Receiver
) -> None:
    assert undone(admin) == ["second_administrator", "break_glass", "webhook", "alert_test"]

    world.assign(world.user("other"), world.role(None, "platform.admin", name="others"))
    app.config["BREAK_GLASS_HASH"] = "0" * 64
    with app.app_context():
        nobody = alerts.webhooks.add("nobody", "http://127.0.0.1:9/", by="test", reason="here")
    assert undone(admin) == ["alert_test"]

    with app.app_context():
        assert not alerts.webhooks.test(nobody.webhook.id, by="test").delivered
    assert undone(admin) == ["alert_test"]

    with app.app_context():
        webhook = alerts.webhooks.add("pager", receiver.url, by="test", reason="here")
        assert alerts.webhooks.test(webhook.webhook.id, by="test").delivered
    assert undone(admin) == []


def test_requests_through_a_proxy_that_nobody_trusts_show(admin: Browser) -> None:
    assert "proxies" in undone(admin, **{"X-Forwarded-For": "203.0.113.9"})


def test_administrators_see_the_list_until_they_hide_it(admin: Browser) -> None:
    assert "A second administrator" in admin.get(OVERVIEW).text
    assert "第二位管理员" in admin.get(f"{OVERVIEW}?lang=zh").text

    admin.get(f"{OVERVIEW}?first_steps=hidden")

    assert "第二位管理员" not in admin.get(OVERVIEW).text


def test_others_who_look_are_not_bothered(browser: Browser, operator: Person) -> None:
    browser.sign_in("olga")
    assert "A second administrator" not in browser.get(OVERVIEW).text


def test_the_terminal_says_it_too(app: Flask) -> None:
    said = app.test_cli_runner().invoke(args=["control", "first-steps"]).output

    assert "to do     a webhook, so that alerts reach somebody" in said
    assert "unknown   TRUSTED_PROXIES" in said
