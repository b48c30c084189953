"""Thresholds, rules, silences and webhooks of the pages decide who is told of what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.control.test_settings import PATH, WHY, agree, row
from tests.support.browser import watched_page
from tests.support.control_pages import sign_in
from tests.support.process import RunningYoto
from tests.support.webhook_receiver import Receiver, receiving

HOOK, RULE = "pager", "many-threads"
RAISED = 30_000  # ms in which an alert is raised, or told


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def button(found: Locator, name: str) -> None:
    found.get_by_role("button", name=name, exact=True).click()


@contextmanager
def webhook(page: Page, receiver: Receiver) -> Iterator[Locator]:
    """A webhook that is added on the page; removed there in the end."""
    page.get_by_role("button", name="Add a webhook").click()
    agree(page, "Add a webhook", name=HOOK, url=receiver.url)
    assert page.locator("#secret").input_value().startswith("whsec_")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    added = row(page, "#webhook-list", HOOK)
    try:
        yield added
    finally:
        page.goto(page.url.split("/control")[0] + f"/control{PATH}")
        button(added, "Remove")
        agree(page, "Remove")
        expect(page.locator("#webhook-list")).to_contain_text("No webhook yet")


@contextmanager
def silence(page: Page, rule: str) -> Iterator[None]:
    """Silence a rule on the page of alerts, and end the silence there."""
    page.goto(page.url.split("/control")[0] + "/control/alerts")
    page.get_by_role("button", name="New silence").click()
    page.get_by_role("dialog").locator("[name=rule]").select_option(rule)
    agree(page, "Silence")
    silenced = page.locator("#silences tbody tr")
    expect(silenced).to_contain_text(WHY)
    yield
    button(silenced, "End")
    agree(page, "End")
    expect(page.locator("#silences")).to_contain_text("No active silences")


def told(receiver: Receiver) -> list[tuple[str, str]]:
    """Type and rule of what has arrived."""
    events = [json.loads(one.body) for one in receiver.received]
    return [(one["type"], one["data"].get("rule", "")) for one in events]


def test_a_webhook_is_told_of_what_nobody_silenced(
    browser: Browser, yoto: RunningYoto, receiver: Receiver
) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        sign_in(page, yoto, path=PATH)
        with webhook(page, receiver) as added:
            button(added, "Test")
            agree(page, "Test")
            expect(page.locator("#toasts")).to_contain_text("Delivered: HTTP 204.")
            assert len(receiver.received) == 1
            with silence(page, "memory"):
                settings, alerts = f"{yoto.url}/control{PATH}", f"{yoto.url}/control/alerts"
                page.goto(settings)
                button(row(page, "#threshold-list", "Memory in use"), "Edit")
                agree(page, "Save", warning="0.000001", hold="0", recover="0")
                page.goto(alerts)
                expect(row(page, "#alerts", "Memory in use")).to_contain_text(
                    "Silenced", timeout=RAISED
                )
                page.goto(settings)
                page.get_by_role("button", name="Add a rule").click()
                agree(
                    page,
                    "Add a rule",
                    name=RULE,
                    metric="yoto_process_threads",
                    warning="0.5",
                    hold="0",
                )
                mine = row(page, "#threshold-list", RULE)
                button(mine, "History")
                expect(page.get_by_role("dialog")).to_contain_text(WHY)
                button(page.get_by_role("dialog"), "Close")
                page.goto(alerts)
                raised = row(page, "#alerts", RULE).first
                expect(raised).to_contain_text("Unacknowledged", timeout=RAISED)
                expect(raised).not_to_contain_text("Silenced")
                page.goto(settings)
                button(added, "Messages")
                arrived = page.get_by_role("dialog").get_by_role("row").filter(has_text="Raised")
                expect(arrived.first).to_contain_text("HTTP 204", timeout=RAISED)
                button(page.get_by_role("dialog"), "Close")
                # It came later, and the other one did not.
                rules = {rule for kind, rule in told(receiver) if rule}
                assert RULE in rules and "memory" not in rules
                button(mine, "Remove")
                agree(page, "Remove")
                expect(mine).to_have_count(0)
                memory = row(page, "#threshold-list", "Memory in use")
                button(memory, "Edit")
                agree(page, "Save", warning="0.8")
                page.goto(alerts)
                expect(page.locator(".skeleton")).to_have_count(0)
                expect(row(page, "#alerts", "Memory in use")).to_have_count(0, timeout=RAISED)
                expect(row(page, "#alerts", RULE)).to_have_count(0, timeout=RAISED)
                page.goto(settings)
                button(memory, "Reset")
                agree(page, "Reset")
                page.goto(alerts)
