"""Settings: a change on the page holds in the product, and is taken back."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto

PATH = "/settings"
WHY = "a test <b>of settings</b>"


def call(yoto: RunningYoto, path: str, token: str, body: Any = None) -> tuple[int, Any]:
    """Status and document of a call by a program."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = None if body is None else json.dumps(body).encode()
    if data is not None:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(f"{yoto.url}{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def token_of(yoto: RunningYoto, username: str) -> str:
    """The token of a demo account for the application's API."""
    credentials = {"username": username, "password": yoto.accounts[username]}
    token: str = call(yoto, "/api/v1/auth/login", "", credentials)[1]["access_token"]
    return token


def agree(page: Page, submit: str, **fields: str) -> None:
    """Fill the dialog and send it."""
    dialog = page.get_by_role("dialog")
    for name, value in {"reason": WHY, **fields}.items():
        dialog.locator(f"[name={name}]").fill(value)
    dialog.get_by_role("button", name=submit, exact=True).click()
    expect(dialog.locator("[name=reason]")).to_have_count(0)


def row(page: Page, place: str, name: str) -> Locator:
    return page.locator(f"{place} tbody tr").filter(has=page.get_by_text(name, exact=True))


@pytest.mark.journey("settings")
def test_maintenance_closes_the_product_and_lets_it_go_on(
    browser: Browser, yoto: RunningYoto
) -> None:
    token = token_of(yoto, "tomas")
    question = ("/api/v1/permissions/check", token, {"permission": "channel.read"})
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=PATH)
        assert call(yoto, *question)[0] == 200
        page.get_by_role("button", name="Start maintenance").click()
        dialog = page.get_by_role("dialog")
        go = dialog.get_by_role("button", name="Close the platform")
        expect(go).to_be_disabled()
        dialog.get_by_label("Type “maintenance”").fill("maintenance")
        dialog.get_by_label("Duration").select_option("5 min")
        agree(page, "Close the platform")
        try:
            expect(page.locator("#maintenance-state")).to_contain_text("In maintenance")
            expect(page.locator("#maintenance-state")).to_contain_text(re.compile(r"[45] min left"))
            expect(page.locator("#banner")).to_contain_text(WHY, timeout=30_000)
            status, problem = call(yoto, *question)
            assert (status, problem["reason"]) == (503, WHY)
        finally:
            page.get_by_role("button", name="End maintenance").click()
            agree(page, "End maintenance")
        expect(page.locator("#maintenance-state")).to_contain_text("Open")
        assert call(yoto, *question)[0] == 200
        watch.assert_quiet()


def test_a_token_made_on_the_page_works_until_it_is_revoked(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=PATH)
        page.locator("#token-make").click()
        agree(page, "Create a token", name="deploy bot")
        secret = page.locator("#secret").input_value()
        page.get_by_role("dialog").get_by_role("button", name="Close").click()
        status, session = call(yoto, "/control/api/session", secret)
        assert (status, session["rights"]) == (200, ["platform.view"])
        assert secret not in page.content()
        row(page, "#token-list", "deploy bot").get_by_role("button", name="Revoke").click()
        agree(page, "Revoke")
        expect(row(page, "#token-list", "deploy bot")).to_contain_text("Revoked")
        assert call(yoto, "/control/api/session", secret)[0] == 401
        watch.assert_quiet()


def test_the_level_of_logs_really_changes_and_goes_back(
    browser: Browser, yoto: RunningYoto
) -> None:
    debug = re.compile(r"\[debug\s*\]|\"level\": \"debug\"")
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=PATH)
        assert not debug.search(yoto.output)
        page.locator("#level-set").click()
        page.get_by_role("dialog").locator("[name=level]").select_option("DEBUG")
        agree(page, "Set the log level")
        expect(page.locator("#level-here")).to_have_text("DEBUG")
        yoto.wait_for(lambda: debug.search(yoto.output))
        page.locator("#level-reset").click()
        agree(page, "As configured")
        expect(page.locator("#level-here")).to_have_text("INFO")
        watch.assert_quiet()


def test_the_second_of_two_who_edit_a_threshold_is_told_and_loses_nothing(
    browser: Browser, yoto: RunningYoto
) -> None:
    with (
        watched_page(browser, yoto.url, locale="en-GB") as (first, watch),
        # The browser itself reports that the second was refused.
        watched_page(browser, yoto.url, ["412"], locale="en-GB") as (second, _),
    ):
        for page in (first, second):
            sign_in(page, yoto, path=PATH)
            row(page, "#threshold-list", "Response time").get_by_role("button", name="Edit").click()
            expect(page.get_by_role("dialog")).to_be_visible()
        agree(first, "Save", warning="150")
        dialog = second.get_by_role("dialog")
        dialog.locator("[name=error]").fill("250")
        expect(dialog.locator(".preview")).to_contain_text("After 250")
        dialog.locator("[name=reason]").fill(WHY)
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_role("alert")).to_contain_text("Warning = 150 ms")
        expect(dialog.locator("[name=error]")).to_have_value("250")
        # The next save holds only what was typed here, and nothing of the other's.
        expect(dialog.locator(".preview li")).to_have_count(1)
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_have_count(0)
        changed = row(second, "#threshold-list", "Response time")
        expect(changed.locator("td").nth(0)).to_have_text("> 150 ms")
        expect(changed.locator("td").nth(1)).to_have_text("> 250 ms")
        first.reload()
        changed = row(first, "#threshold-list", "Response time")
        changed.get_by_role("button", name="Reset").click()
        agree(first, "Reset")
        expect(changed.get_by_role("button", name="Reset")).to_have_count(0)
        watch.assert_quiet()


def test_a_button_whose_first_read_fails_says_so(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=PATH)
        edit = row(page, "#threshold-list", "Response time").get_by_role("button", name="Edit")
        expect(edit).to_be_visible()
        page.route("**/alerts/rules/response_time", lambda route: route.abort())
        edit.click()
        expect(page.locator("#toasts")).to_contain_text("did not respond")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.unroute("**/alerts/rules/response_time")
        edit.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        watch.allow("ERR_FAILED")
        watch.assert_quiet()


def test_a_role_is_given_and_taken_and_the_last_administrator_stays(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=PATH)
        page.locator("#operator-grant").click()
        agree(page, "Assign a role", username="tomas")
        given = row(page, "#operator-list", "tomas")
        expect(given).to_contain_text("Operate")
        given.get_by_role("button", name="Remove a role").click()
        agree(page, "Remove a role")
        expect(given).to_have_count(0)
        row(page, "#operator-list", "admin").get_by_role("button", name="Disable").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Type “admin”").fill("admin")
        dialog.locator("[name=reason]").fill(WHY)
        dialog.get_by_role("button", name="Disable").click()
        expect(dialog.get_by_role("alert")).to_contain_text("last administrator")
        dialog.get_by_role("button", name="Cancel").click()
        # A refusal is no mistake of the page, but Chromium says so of each.
        watch.allow("409")


def test_the_theme_that_is_chosen_stays(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="en-GB", color_scheme="light") as (page, _):
        sign_in(page, yoto, path=PATH)
        expect(page.locator("#operator-list tbody tr").first).to_be_visible()
        light = page.evaluate("getComputedStyle(document.body).color")
        page.locator("#appearance").get_by_role("link", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.goto(f"{yoto.url}/control{PATH}")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        expect(page.locator("body")).not_to_have_css("color", light)
        page.locator("#appearance").get_by_role("link", name="System").click()
        expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
        expect(page.locator("body")).to_have_css("color", light)


@pytest.mark.parametrize(
    ("size", "language", "theme"), [(WIDE, "en", "dark"), (NARROW, "zh", "light")]
)
def test_it_can_be_read_and_used_by_everybody(
    browser: Browser, yoto: RunningYoto, size: dict[str, int], language: str, theme: str
) -> None:
    with watched_page(browser, yoto.url, viewport=size, locale=language) as (page, watch):
        page.goto(f"{yoto.url}/control/sign-in?theme={theme}")
        sign_in(page, yoto, path=PATH)
        expect(page.locator(".skeleton")).to_have_count(0)
        expect(page.locator("#operator-list tbody tr").first).to_be_visible()
        assert fits(page)
        assert_accessible(page)
        page.locator("#level-set").click()
        assert_accessible(page)
        page.keyboard.press("Escape")
        expect(page.locator("#level-set")).to_be_focused()
        watch.assert_quiet()
