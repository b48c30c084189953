"""Cache and consistency: numbers and workers; invalidate, warm up, pause prefetching."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.db import db
from app.extensions import cache, optimization, permissions
from app.models import User
from tests.support.browser import screenshot, watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto
from tests.support.redis_servers import wait_until

CACHE = "/cache"
WHY = "a repair by hand"


def tier_of(app: Flask, user_id: int) -> str:
    """Who answers a check about the user in another process."""
    with app.app_context():
        return str(permissions.decide(user_id, "platform.view").tier)


def member_of(app: Flask, yoto: RunningYoto) -> int:
    """Somebody of the demo who asks nothing by themselves."""
    name = next(name for name in yoto.accounts if name != "admin")
    with app.app_context():
        found = db.session.scalar(select(User.id).where(User.username == name))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("theme", "size"), [("light", WIDE), ("dark", NARROW)], ids=["light-1280", "dark-390"]
)
def test_the_page_shows_tiers_workers_and_memory(
    browser: Browser, yoto: RunningYoto, theme: str, size: dict[str, int]
) -> None:
    options = {"color_scheme": theme, "viewport": size, "locale": "en-GB"}
    with watched_page(browser, yoto.url, **options) as (page, watch):
        sign_in(page, yoto, path=CACHE)
        expect(page.get_by_text("Hit rate, memory (L1)")).to_be_visible()
        expect(page.get_by_text("Stampedes avoided")).to_be_visible()
        row = page.get_by_role("table", name="Workers and the invalidation log").locator("tbody tr")
        expect(row.get_by_text("Following")).to_be_visible()
        expect(row.get_by_text("up to date")).to_be_visible(timeout=20_000)
        expect(row.get_by_text(re.compile(r"^entry [\d,]+ of [\d,]+$"))).to_be_visible()
        expect(page.get_by_text("Entries in Redis (L2): unknown")).to_be_visible()
        expect(page.get_by_role("rowheader", name="Verdicts of users", exact=True)).to_be_visible()
        screenshot(page, f"cache-{theme}-{size['width']}")
        assert fits(page)
        assert_accessible(page)
        watch.assert_quiet()


def test_the_page_speaks_chinese(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="zh-CN") as (page, watch):
        sign_in(page, yoto, path=CACHE)
        expect(page.get_by_role("heading", name="缓存与一致性")).to_be_visible()
        expect(page.get_by_text("跟随中")).to_be_visible()
        screenshot(page, "cache-chinese")
        watch.assert_quiet()


def test_after_an_invalidation_the_database_answers_in_every_process(
    browser: Browser, yoto: RunningYoto, neighbour: Flask
) -> None:
    member = member_of(neighbour, yoto)
    tier_of(neighbour, member)
    wait_until(lambda: tier_of(neighbour, member) == "l1")
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=CACHE)
        page.get_by_role("button", name="Invalidate …").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Id", exact=True).fill(str(member))
        # What it would hit is told before it is done, and so is whether that is exact.
        expect(dialog.get_by_text("Accounts concerned: 1; exact.")).to_be_visible()
        dialog.get_by_role("button", name="Invalidate", exact=True).click()
        expect(dialog.get_by_text("Needed.")).to_be_visible()
        screenshot(page, "cache-invalidate")
        assert_accessible(page)
        dialog.get_by_label("Reason").fill(WHY)
        dialog.get_by_role("button", name="Invalidate", exact=True).click()
        toast = page.get_by_text(f"user:{member} is forgotten from position")
        expect(toast).to_be_visible()
        position = toast.inner_text().split()[-2]
        assert cache.of(neighbour).reached(position)
        assert tier_of(neighbour, member) == "db"
        assert tier_of(neighbour, member) == "l1"
        watch.assert_quiet()


def answer(page: Page, button: str, submit: str) -> None:
    """Do what a button asks for, with a reason."""
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(WHY)
    dialog.get_by_role("button", name=submit, exact=True).click()
    expect(dialog).to_have_count(0)


def test_a_warm_up_is_watched_to_its_end(
    browser: Browser, yoto: RunningYoto, neighbour: Flask
) -> None:
    member = member_of(neighbour, yoto)
    optimization.of(neighbour).hot.note(member, 0)
    optimization.of(neighbour).hot.flush()
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=CACHE)
        expect(page.locator(".tasks > li").first).to_be_visible()
        before = page.locator(".tasks > li").first.get_attribute("data-task")
        answer(page, "Warm up", "Warm up")
        newest = page.locator(".tasks > li").first
        expect(newest).not_to_have_attribute("data-task", before or "", timeout=20_000)
        expect(newest).to_have_attribute("data-state", "finished", timeout=60_000)
        expect(newest.get_by_text("Hot entries into memory")).to_be_visible()
        bars = newest.locator("progress")
        expect(bars).to_have_count(3)
        assert bars.evaluate_all("all => all.every((bar) => bar.value === bar.max)")
        screenshot(page, "cache-warmed")
        watch.assert_quiet()


def test_what_was_counted_of_somebody_is_forgotten(
    browser: Browser, yoto: RunningYoto, neighbour: Flask
) -> None:
    member = member_of(neighbour, yoto)
    hot = optimization.of(neighbour).hot
    hot.note(member, 0)
    hot.flush()
    assert member in {one.user_id for one in hot.pairs(1_000)}
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=CACHE)
        page.get_by_role("button", name="Forget somebody", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.locator("[name=user]").fill(str(member))
        dialog.locator("[name=what]").select_option("/cache/forget-hot")
        dialog.get_by_label("Reason").fill(WHY)
        dialog.get_by_role("button", name="Forget", exact=True).click()
        expect(dialog).to_have_count(0)
        wait_until(lambda: member not in {one.user_id for one in hot.pairs(1_000)})
        watch.assert_quiet()


def test_prefetching_is_paused_everywhere_and_resumed(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=CACHE)
        pause = page.get_by_role("button", name="Pause prefetching")
        pause.focus()
        with page.expect_response("**/control/api/prefetch"):
            pass
        expect(pause).to_be_focused()  # what was read meanwhile changed only numbers
        answer(page, "Pause prefetching", "Pause prefetching")
        expect(page.get_by_text("Paused everywhere")).to_be_visible()
        answer(page, "Resume prefetching", "Resume prefetching")
        expect(page.get_by_text("Paused everywhere")).to_have_count(0)
        page.route("**/control/api/cache", lambda route: route.abort())
        for part in ("tiers", "workers", "memory"):
            expect(page.locator(f"#{part}.stale")).to_be_visible()
        page.unroute("**/control/api/cache")
        expect(page.locator("main .stale-mark")).to_have_count(0)
        watch.console = [text for text in watch.console if "ERR_FAILED" not in text]
        watch.assert_quiet()
