"""The page of one guard: from the caller who is refused, by name, to the act that ends it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.control.test_guards import SENDING, WHY, Member, card, guards_page
from tests.support.browser import screenshot
from tests.support.control_pages import NARROW, assert_accessible, fits
from tests.support.process import RunningYoto

SETTINGS = f"/config/rate_limit/{SENDING}"


@pytest.fixture(scope="module")
def member(yoto: RunningYoto) -> Member:
    return Member(yoto)


def change(page: Page, call: str) -> None:
    """Set the limit as the page would: ``call`` has the module and the version."""
    page.evaluate(f"""async () => {{
          const api = await import("/static/control/api.js");
          const {{ etag }} = await api.read("{SETTINGS}");
          await api.{call};
        }}""")


@pytest.mark.journey("guard")
def test_a_guard_is_shown_with_its_callers_by_name_its_events_and_who_set_it(
    browser: Browser, yoto: RunningYoto, member: Member
) -> None:
    with guards_page(browser, yoto) as page:
        card(page, "rate_limit", SENDING).get_by_role("link", name=SENDING).click()
        expect(page).to_have_url(re.compile(rf"/control/guards/{SENDING}$"))
        expect(page.get_by_role("heading", level=1)).to_have_text(SENDING)
        expect(page.locator(".guard")).to_have_count(3)
        expect(page.locator(".chart")).to_have_count(4)
        values = '{values: {dimensions: {user: {limit: 1}}}, reason: "' + WHY + '"}'
        change(page, f'put("{SETTINGS}", {values}, {{ etag }})')
        try:
            said = [member.say() for _ in range(3)]
            assert said[-1] == 429
            caller = page.get_by_role("table", name="Callers of the last minutes").get_by_role(
                "row", name=re.compile("mara|tomas")
            )
            expect(caller.locator(".badge.failed")).to_be_visible(timeout=30_000)
            expect(caller.get_by_role("link").first).to_have_attribute(
                "href", re.compile(r"/control/people/\d+$")
            )
            history = page.get_by_role("table", name="Settings of the limiter")
            expect(history.get_by_role("row").nth(1)).to_contain_text(WHY)
            happened = page.get_by_role("region", name="Recent events of this guard")
            expect(happened.get_by_text("config.changed").first).to_be_visible()
            assert_accessible(page)
            screenshot(page, "guard-1280")
            caller.get_by_role("button", name="Reset usage").click()
            dialog = page.get_by_role("dialog")
            dialog.get_by_label("Reason").fill(WHY)
            dialog.get_by_role("button", name="Reset usage").click()
            expect(dialog).to_have_count(0)
            assert member.say() == 201
            history.get_by_role("button", name="Undo this change").click()
            expect(dialog.get_by_text("Limit of “User”")).to_be_visible()
            assert_accessible(page)
            dialog.get_by_label("Reason").fill(WHY)
            dialog.get_by_role("button", name="Roll back").click()
            expect(history.get_by_role("row").nth(1)).to_contain_text("Rolled back")
            expect(page.locator(".guard").filter(has_text="limiter")).to_contain_text("120 in 1")
        finally:
            change(page, f'remove("{SETTINGS}", {{ reason: "{WHY}" }}, {{ etag }})')
        page.get_by_role("button", name="6 hours").click()
        expect(page).to_have_url(re.compile(r"\?range=6h$"))
        page.set_viewport_size(NARROW)
        page.emulate_media(color_scheme="dark")
        page.goto(f"{page.url}&lang=zh")
        expect(page.get_by_role("heading", name="最近几分钟的调用方")).to_be_visible()
        expect(page.get_by_role("button", name="6 小时")).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".guard")).to_have_count(3)
        assert fits(page)
        assert_accessible(page)
        page.goto(f"{yoto.url}/control/guards/no.such?lang=en")
        expect(page.get_by_text("No breaker, limiter or bulkhead has this name.")).to_be_visible()
