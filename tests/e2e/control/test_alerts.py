"""Alerts and suggestions: a real alert is acknowledged and silenced, a suggestion is applied."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.control.test_settings import WHY, agree, call, row, token_of
from tests.support.browser import watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto

ROOT = Path(__file__).parents[3]
PATH, SUGGESTIONS = "/alerts", "/suggestions"
PEOPLE = ("mara", "tomas")
ROUNDS = 300  # so that there is enough to advise from, also where a round takes its time
# As if the tuner had made the memory so small: it leaves operators' settings alone.
TUNE = """
import sys
from app import close_app, create_app
from yoto.resilience import FLEET, Kind, Origin, Resilience

app = create_app()
config = Resilience.of(app).config
who = {"author": "test", "origin": Origin.TUNER}
if sys.argv[1] == "small":
    config.set(Kind.TUNING, FLEET, {"cache_users_size": 1}, **who)
else:
    config.delete(Kind.TUNING, FLEET, **who)
close_app(app)
"""


def tune(yoto: RunningYoto, how: str) -> None:
    subprocess.run(
        [sys.executable, "-c", TUNE, how],
        cwd=ROOT,
        env=yoto.environment,
        check=True,
        capture_output=True,
    )


def use(yoto: RunningYoto) -> None:
    """Have both people ask in turns, often enough within the minute that advice looks at."""
    tokens = [token_of(yoto, name) for name in PEOPLE]
    for _ in range(ROUNDS):
        for token in tokens:
            asked = call(yoto, "/api/v1/permissions/check", token, {"permission": "admin.audit"})
            assert asked[0] == 200, asked


@pytest.fixture
def small(yoto: RunningYoto) -> Iterator[RunningYoto]:
    """The application with a memory that is too small for the two people who use it."""
    tune(yoto, "small")
    use(yoto)
    yield yoto
    tune(yoto, "as it was")


def set_rule(page: Page, name: str, **values: float) -> None:
    """Set values of a rule as the settings' page does, without going there."""
    page.evaluate(
        """async ([path, values]) => {
            const { put, read } = await import("/static/control/api.js");
            const { etag } = await read(path);
            await put(path, { values, reason: "a test of alerts" }, { etag });
        }""",
        [f"/alerts/rules/{name}", values],
    )


@pytest.mark.journey("alerts")
def test_an_alert_is_taken_care_of_and_silenced_and_ends_by_itself(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=PATH)
        set_rule(page, "memory", warning=1e-6, error=0.9, critical=0.99, hold=0, recover=0)
        raised = row(page, "#alerts", "Memory in use")
        expect(raised).to_contain_text("Unacknowledged", timeout=30_000)
        count = page.locator(".side [data-count=alerts]")
        expect(count).to_contain_text(re.compile(r"^[1-9]"))
        raised.get_by_role("button", name="Acknowledge").click()
        agree(page, "Acknowledge")
        expect(raised.locator("a.subject, span.subject")).to_have_text("admin")
        expect(raised).to_contain_text(WHY)
        now, limit = raised.locator("td.number").all()
        share = re.compile(r"^[\d.]+ %$")
        expect(now).to_have_text(share)
        expect(raised).to_contain_text(re.compile(r"above 0 %: [\d.]+ % at worst"))
        expect(limit).to_have_text("0 %")
        raised.get_by_role("button", name="Silence").click()
        agree(page, "Silence")
        expect(raised).to_contain_text("Silenced")
        silence = row(page, "#silences", "Memory in use")
        silence.get_by_role("button", name="End").click()
        agree(page, "End")
        expect(silence).to_have_count(0)
        expect(raised).not_to_contain_text("Silenced")
        raised.get_by_role("button", name="History").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("Raised")
        assert_accessible(page)
        dialog.get_by_role("button", name="Close").click()
        # One alert, by its own address: from what it is about to what changed, and what to do.
        raised.get_by_role("link", name="Memory in use").click()
        one = page.get_by_role("region", name="Alert", exact=True)
        expect(one.get_by_role("heading", level=2)).to_contain_text("Memory in use")
        expect(one.locator(".tiles li").nth(1)).to_contain_text(re.compile(r"Peak[\d.]+ %"))
        # A value is shown once its ten seconds are over, and the page reads again after fifteen.
        expect(one.locator(".plot canvas")).to_be_visible(timeout=30_000)
        expect(one.locator(".plot")).to_have_attribute("aria-label", re.compile("Warning 0 %"))
        changed = one.get_by_role("row").filter(has_text="alert.rule.set").first
        expect(changed).to_contain_text("a test of alerts")
        assert_accessible(page)
        one.get_by_role("link", name="Runbook").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Memory in use (memory)")
        expect(page.get_by_role("heading", name="What to do")).to_be_visible()
        assert fits(page)
        assert_accessible(page)
        page.go_back()
        set_rule(page, "memory", warning=0.8)
        expect(raised).to_have_count(0, timeout=30_000)
        page.get_by_label("State").select_option("over")
        expect(raised.first).to_contain_text(re.compile(r"Resolved after \d+ "))
        watch.assert_quiet()


@pytest.mark.journey("suggestions")
def test_a_suggestion_is_applied_and_observed(browser: Browser, small: RunningYoto) -> None:
    with watched_page(browser, small.url, locale="en-GB") as (page, watch):
        sign_in(page, small, path=SUGGESTIONS)
        suggested = row(page, "#suggestions", "CACHE_USERS_SIZE")
        expect(suggested).to_contain_text(re.compile(r"1 users → \d+ users"), timeout=30_000)
        expect(suggested).to_contain_text("entries were evicted while")
        suggested.get_by_role("button", name="Dismiss").click()
        agree(page, "Dismiss")
        expect(suggested).to_have_count(0)
        gone = page.get_by_role("table", name="Dismissed").get_by_role("row")
        page.goto(f"{small.url}/control{SUGGESTIONS}?lang=zh")
        expect(page.get_by_role("button", name="恢复建议")).to_be_visible()
        page.goto(f"{small.url}/control{SUGGESTIONS}?lang=en")
        gone.filter(has_text="cache_users_size").get_by_role("button").click()
        agree(page, "Suggest again")
        use(small)  # the decision began the measurement anew, since the tuner's layer changed
        page.reload()
        # The first second may not be over yet, and the page reads again after fifteen.
        expect(suggested).to_be_visible(timeout=30_000)
        page.goto(f"{small.url}/control{SUGGESTIONS}?lang=zh")
        expect(suggested).to_contain_text("个条目被其他条目挤出")
        expect(suggested).to_contain_text("内存未命中减少")
        page.goto(f"{small.url}/control{SUGGESTIONS}?lang=en")
        suggested.get_by_role("button", name="Apply").click()
        agree(page, "Apply")
        expect(page.locator("#observed")).to_contain_text("CACHE_USERS_SIZE 1 users → ")
        expect(suggested).to_have_count(0)
        watch.assert_quiet()


@pytest.mark.parametrize(("size", "language"), [(WIDE, "en"), (NARROW, "zh")])
def test_it_can_be_read_by_everybody(
    browser: Browser, yoto: RunningYoto, size: dict[str, int], language: str
) -> None:
    with watched_page(browser, yoto.url, viewport=size, locale=language) as (page, watch):
        sign_in(page, yoto, path=PATH)
        for path in (PATH, SUGGESTIONS):
            page.goto(f"{yoto.url}/control{path}")
            expect(page.locator(".skeleton")).to_have_count(0)
            assert fits(page)
            assert_accessible(page)
        watch.assert_quiet()
