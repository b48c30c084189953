"""The audit log: found by filters, read with what was and what is, and taken along."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.control.test_alerts import set_rule
from tests.e2e.control.test_live_values import act
from tests.support.browser import watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto

AREAS = ["operators_and_rights", "operators", "rights", "policies", "sign_ins", ""]
LONGEST = 5_000  # px of a page on a telephone


@pytest.mark.parametrize(
    ("size", "language"),
    [pytest.param(WIDE, "en", marks=pytest.mark.journey("audit")), (NARROW, "zh")],
)
def test_records_are_filtered_opened_and_exported(
    browser: Browser, yoto: RunningYoto, size: dict[str, int], language: str
) -> None:
    with watched_page(browser, yoto.url, viewport=size, locale=language, timezone_id="UTC") as (
        page,
        _,
    ):
        sign_in(page, yoto, path="/audit")
        for name in ("from", "to"):
            expect(page.locator(f"label[for=filter-{name}]")).to_contain_text("(UTC)")
        rows = page.locator("#records tbody tr")
        expect(rows.first).to_be_visible()
        # It opens on operators and rights; messages are behind everything.
        chips = page.locator("#areas button")
        expect(page.locator("#areas [aria-pressed=true]")).to_have_count(1)
        expect(chips.first).to_have_attribute("aria-pressed", "true")
        chips.nth(AREAS.index("sign_ins")).click()
        expect(rows.filter(has_text="seed.demo")).to_have_count(0)
        chips.last.click()
        if size is NARROW:
            assert page.evaluate("document.documentElement.scrollHeight") < LONGEST
            page.locator("#more-filters summary").click()
        page.locator("#filter-action").fill("control.sign")
        page.locator("#filter-actor").fill("admin")
        expect(page).to_have_url(re.compile("area=all.*actor=admin|actor=admin.*area=all"))
        expect(rows.filter(has_text="control.sign_in").first).to_be_visible()
        expect(rows.filter(has_not_text="control.sign_in")).to_have_count(0)
        assert fits(page)
        assert_accessible(page)
        # A link to it shows the same, after signing in too.
        page.reload()
        said = {"en": "Signed in to the control plane", "zh": "登录控制台"}[language]
        expect(rows.first).to_contain_text(f"{said} control.sign_in")
        expect(page.locator("#filter-action")).to_have_value("control.sign")
        with page.expect_download() as downloading:
            page.locator("#export-json").click()
        exported = json.loads(Path(downloading.value.path()).read_text(encoding="utf-8"))
        assert exported and {one["action"] for one in exported} == {"control.sign_in"}
        rows.first.get_by_role("button").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text(str(exported[0]["id"]))
        expect(page).to_have_url(re.compile(f"record={exported[0]['id']}"))
        assert_accessible(page)
        page.reload()
        expect(dialog).to_contain_text("control.sign_in")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(page).not_to_have_url(re.compile("record="))


def test_a_record_tells_what_was_and_what_is(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        sign_in(page, yoto, path="/audit")
        # Values that stay as they are are no part of the change.
        set_rule(page, "memory", error=0.95, critical=0.97)
        for warning in (0.7, 0.6):
            set_rule(page, "memory", warning=warning)
        # Acts of others appear in some seconds without being asked for.
        newest = page.locator("#records tbody tr").first
        expect(newest.locator("del")).to_have_text(["Before 0.7"])
        expect(newest.locator("ins").first).to_have_text("After 0.6")
        expect(newest).to_contain_text("a test of alerts")
        newest.get_by_role("button").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.locator(".difference")).to_contain_text("Before 0.7 → After 0.6")
        dialog.locator("summary").click()
        before, after = dialog.locator("pre").all()
        expect(before).to_contain_text("0.7")
        expect(after).to_contain_text("0.6")
        expect(after).not_to_contain_text("0.7")
        act(page, "reset", "/alerts/rules/memory")
