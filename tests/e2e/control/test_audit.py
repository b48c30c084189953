"""The audit log: found by filters, read with what was and what is, and taken along."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.control.test_alerts import set_rule
from tests.e2e.control.test_live_values import act
from tests.support.browser import watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto


@pytest.mark.parametrize(("size", "language"), [(WIDE, "en"), (NARROW, "zh")])
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
        expect(page.locator("#filter-area")).to_have_value("operators_and_rights")
        page.locator("#filter-area").select_option("sign_ins")
        expect(rows.filter(has_text="seed.demo")).to_have_count(0)
        page.locator("#filter-area").select_option("")
        expect(rows.filter(has_text="seed.demo")).to_have_count(1)
        page.locator("#filter-action").fill("control.sign")
        page.locator("#filter-actor").fill("admin")
        expect(rows.filter(has_text="seed.demo")).to_have_count(0)
        expect(rows.first).to_contain_text("control.sign_in")
        assert fits(page)
        assert_accessible(page)
        with page.expect_download() as downloading:
            page.locator("#export").click()
        exported = json.loads(Path(downloading.value.path()).read_text(encoding="utf-8"))
        assert exported and {one["action"] for one in exported} == {"control.sign_in"}
        rows.first.get_by_role("button").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text(str(exported[0]["id"]))
        assert_accessible(page)


def test_a_record_tells_what_was_and_what_is(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        sign_in(page, yoto, path="/audit")
        # What stays as it is is no part of the change.
        set_rule(page, "memory", error=0.95, critical=0.97)
        for warning in (0.7, 0.6):
            set_rule(page, "memory", warning=warning)
        page.locator("#filter-action").fill("alert.rule")
        newest = page.locator("#records tbody tr").first
        expect(newest.locator("del")).to_have_text(["Before 0.7"])
        expect(newest.locator("ins").first).to_have_text("After 0.6")
        expect(newest).to_contain_text("a test of alerts")
        newest.get_by_role("button").click()
        dialog = page.get_by_role("dialog")
        before, after = dialog.locator("pre").all()
        expect(before).to_contain_text("0.7")
        expect(after).to_contain_text("0.6")
        expect(after).not_to_contain_text("0.7")
        act(page, "reset", "/alerts/rules/memory")
