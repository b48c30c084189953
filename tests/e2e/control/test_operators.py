"""Acts of administrators on an operator's account, and what that operator meets then."""

from __future__ import annotations

import base64
import time

from playwright.sync_api import Browser, Page, expect

from app.auth import totp
from tests.e2e.control.test_settings import PATH, agree, call, row
from tests.support.browser import watched_page
from tests.support.control_pages import SIGN_IN_MS, fill_in, sign_in
from tests.support.process import RunningYoto

NAME = "tomas"


def status_of(page: Page, yoto: RunningYoto) -> int:
    """The status of a request with the session that the page has."""
    return page.request.get(f"{yoto.url}/control/api/session").status


def sign_in_again(page: Page, yoto: RunningYoto) -> None:
    page.goto(f"{yoto.url}/control/guards")
    fill_in(page, yoto, NAME)


def test_an_operator_is_let_in_signed_out_disabled_and_let_in_again(
    browser: Browser, yoto: RunningYoto
) -> None:
    refusals = ["401", "403", "422"]  # which the browser itself reports of the operator's page
    with (
        watched_page(browser, yoto.url, locale="en-GB") as (page, _),
        watched_page(browser, yoto.url, refusals, locale="en-GB") as (theirs, _),
    ):
        sign_in(page, yoto, path=PATH)
        page.locator("#operator-grant").click()
        agree(page, "Assign a role", username=NAME)
        operator = row(page, "#operator-list", NAME)
        sign_in(theirs, yoto, NAME, "/guards?idle=open")
        expect(theirs.get_by_role("button", name="Isolate", exact=True).first).to_be_visible()
        assert status_of(theirs, yoto) == 200

        operator.get_by_role("button", name="Sign out").click()
        agree(page, "Sign out")
        assert status_of(theirs, yoto) == 401
        sign_in_again(theirs, yoto)
        expect(theirs.locator(".guard").first).to_be_visible(timeout=SIGN_IN_MS)

        operator.get_by_role("button", name="Disable").click()
        page.get_by_role("dialog").get_by_label(f"Type “{NAME}”").fill(NAME)
        agree(page, "Disable")
        expect(operator).to_contain_text("Disabled")
        assert status_of(theirs, yoto) == 401
        credentials = {"username": NAME, "password": yoto.accounts[NAME]}
        assert call(yoto, "/api/v1/auth/login", "", credentials)[0] in (401, 403)

        operator.get_by_role("button", name="Enable").click()
        agree(page, "Enable")
        expect(operator).not_to_contain_text("Disabled")
        sign_in_again(theirs, yoto)
        expect(theirs.locator(".guard").first).to_be_visible(timeout=SIGN_IN_MS)

        operator.get_by_role("button", name="Remove a role").click()
        agree(page, "Remove a role")
        expect(operator).to_have_count(0)
        assert status_of(theirs, yoto) == 403


def test_an_operator_sets_up_a_second_factor_and_signs_in_with_it(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, ["422"], locale="en-GB") as (page, _):
        sign_in(page, yoto, path=PATH)
        page.locator("#second-factor-button").click()
        agree(page, "Set up")
        secret = base64.b32decode(page.locator("#second-factor-secret").inner_text())
        expect(page.get_by_role("img", name="QR code")).to_be_visible()
        dialog = page.get_by_role("dialog")
        dialog.locator("[name=code]").fill(code_of(secret))
        dialog.get_by_role("button", name="Confirm").click()
        expect(page.locator("#recovery-codes li")).to_have_count(10)
        recovery = page.locator("#recovery-codes li").all_inner_texts()
        page.keyboard.press("Escape")

        with watched_page(browser, yoto.url, ["422"], locale="zh-CN") as (other, _):
            other.goto(f"{yoto.url}/control/guards")
            fill_in(other, yoto, "admin")
            other.get_by_label("验证码").fill("123456")
            other.locator("button.primary").click()
            expect(other.get_by_role("alert")).to_contain_text("验证码不正确")
            other.get_by_label("验证码").fill(recovery[0])
            other.locator("button.primary").click()
            expect(other.locator(".guard").first).to_be_visible(timeout=SIGN_IN_MS)

        page.locator("#second-factor-button").click()
        agree(page, "Remove", code=recovery[1])
        expect(page.locator("#second-factor-state")).to_contain_text("password alone")


def code_of(secret: bytes) -> str:
    return totp.code_of(secret, int(time.time()) // totp.STEP_SECONDS)
