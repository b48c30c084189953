"""Cache and consistency: numbers and workers; invalidate, warm up, pause prefetching."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.extensions import cache, optimization, permissions, prefetch, resilience
from app.models import Channel, Member, Server, User
from tests.support.browser import screenshot, watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto
from tests.support.waiting import wait_until
from yoto.rooms.prefetch.analyzer import Prediction
from yoto.rooms.prefetch.steps import Step
from yoto.store.db import db
from yoto.store.models import Role

CACHE = "/cache"
WHY = "a repair by hand"


def tier_of(app: Flask, user_id: int, *place: Any) -> str:
    """The tier that answers a check about the user in another process."""
    with app.app_context():
        return str(permissions.decide(user_id, "channel.read", *place).tier)


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
        expect(row.get_by_title(re.compile(r"^entry [\d,]+ of [\d,]+$"))).to_be_visible()
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


@pytest.mark.journey("cache")
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
        accounts = ["User", "Application", "Role", "Team"]
        kinds = [*accounts, "Server", "Category", "Channel", "Everything"]
        expect(dialog.get_by_label("What").locator("option")).to_have_text(kinds)
        dialog.get_by_label("Id", exact=True).fill("nobody")
        expect(dialog.get_by_text("must be an integer, not str")).to_be_visible()
        watch.allow("422")
        dialog.get_by_label("Id", exact=True).fill(str(member))
        # The dialog says beforehand how many accounts it would hit, and whether that is exact.
        expect(dialog.get_by_text("Accounts affected: 1; exact.")).to_be_visible()
        dialog.get_by_role("button", name="Invalidate", exact=True).click()
        expect(dialog.get_by_text("Required.")).to_be_visible()
        screenshot(page, "cache-invalidate")
        assert_accessible(page)
        dialog.get_by_label("Reason").fill(WHY)
        dialog.get_by_role("button", name="Invalidate", exact=True).click()
        toast = page.get_by_text(f"user:{member} is invalidated from position")
        expect(toast).to_be_visible()
        position = toast.inner_text().split()[-2]
        wait_until(lambda: cache.of(neighbour).reached(position))
        assert tier_of(neighbour, member) == "db"
        assert tier_of(neighbour, member) == "l1"
        watch.assert_quiet()


class Place(NamedTuple):
    """Where a member of a server may be, with what it is made of."""

    member: int
    role: int
    server: int
    channel: int


@pytest.fixture
def place(neighbour: Flask) -> Place:
    with neighbour.app_context():
        statement = (
            select(Member.user_id, Role.id, Server.id, Channel.id)
            .join(Server, Server.id == Member.server_id)
            .join(Role, Role.server_id == Server.id)
            .join(Channel, Channel.server_id == Server.id)
            .where(Role.is_default, Member.user_id != Server.owner_id)
            .order_by(Member.id, Channel.id)
        )
        found = db.session.execute(statement).first()
        db.session.remove()
    assert found is not None
    return Place(*found)


def test_what_a_verdict_was_made_of_is_forgotten_in_every_process(
    browser: Browser, yoto: RunningYoto, neighbour: Flask, place: Place
) -> None:
    def tier() -> str:
        return tier_of(neighbour, place.member, "channel", place.channel)

    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        sign_in(page, yoto, path=CACHE)
        for kind in ("role", "server", "channel", "all"):
            wait_until(lambda: tier() == "l1")
            forget(page, neighbour, kind, None if kind == "all" else getattr(place, kind))
            assert tier() == "db", kind
        wait_until(lambda: tier() == "l1")
        forget(page, neighbour, "user", place.member, memory=True)
        # Entries in Redis stay valid.
        assert tier() == "l2"
        wait_until(lambda: tier() == "l1")
        newest = page.locator(".tasks > li").first
        before = newest.get_attribute("data-task")
        answer(page, "Refresh everything", "Refresh everything")
        wait_until(lambda: tier() != "l1")
        expect(newest).not_to_have_attribute("data-task", before or "", timeout=20_000)
        expect(newest).to_have_attribute("data-state", "finished", timeout=60_000)


def forget(page: Page, app: Flask, kind: str, found: int | None, memory: bool = False) -> None:
    """Invalidate on the page; returns when ``app`` has heard of it."""
    page.get_by_role("button", name="Invalidate …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What").select_option(kind)
    if found is not None:
        dialog.get_by_label("Id", exact=True).fill(str(found))
    dialog.get_by_label("Memory of the workers only").set_checked(memory)
    dialog.get_by_label("Reason").fill(WHY)
    dialog.get_by_role("button", name="Invalidate", exact=True).click()
    expect(dialog).to_have_count(0)
    toast = page.locator("#toasts > *").last
    subject = {"all": "global"}.get(kind, f"{kind}:{found}")
    expect(toast).to_contain_text(f"{subject} is invalidated from position")
    position = toast.inner_text().split()[-2]
    wait_until(lambda: cache.of(app).reached(position))


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
        page.get_by_role("button", name="Forget a user", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.locator("[name=user]").fill(str(member))
        dialog.locator("[name=what]").select_option("/cache/forget-hot")
        dialog.get_by_label("Reason").fill(WHY)
        dialog.get_by_role("button", name="Forget", exact=True).click()
        expect(dialog).to_have_count(0)
        wait_until(lambda: member not in {one.user_id for one in hot.pairs(1_000)})
        watch.assert_quiet()


def test_what_workers_remember_is_set_on_the_page_and_taken_back(
    browser: Browser, yoto: RunningYoto, neighbour: Flask
) -> None:
    def size() -> int:
        return cache.of(neighbour).stats().capacities["users"]

    resilience.of(neighbour).start()
    configured = size()
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=CACHE)
        row = page.get_by_role("row").filter(has_text="CACHE_USERS_SIZE")
        at_default = page.get_by_text("Settings at their default: 21")
        at_default.click()
        expect(row.get_by_text(f"{configured:,} users")).to_have_count(1)
        page.get_by_role("button", name="Change settings", exact=True).click()
        dialog = page.get_by_role("dialog")
        field = dialog.locator("[data-field=cache_users_size]")
        field.locator("input").fill("0")
        expect(field.get_by_text("must be from 1 to 10000000 users")).to_be_visible()
        expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
        field.locator("input").fill("9001")
        dialog.get_by_label("Reason").fill(WHY)
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_have_count(0)
        expect(row.get_by_text("9,001 users")).to_be_visible()
        expect(row.get_by_text(re.compile(f"^set by .*: {WHY}"))).to_be_visible()
        wait_until(lambda: size() == 9001)
        screenshot(page, "cache-settings")
        assert_accessible(page)
        page.get_by_role("button", name="Change settings", exact=True).click()
        dialog.get_by_label("Reason").fill(WHY)
        dialog.get_by_role("button", name="Back to the default").click()
        expect(at_default).to_be_visible()
        wait_until(lambda: size() == configured)
        watch.assert_quiet()


def test_prefetching_is_paused_everywhere_and_resumed(
    browser: Browser,
    yoto: RunningYoto,
    neighbour: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prefetcher = prefetch.of(neighbour).prefetcher
    assert prefetcher is not None and cache.of(neighbour).start(10)
    # Visitors of one channel go to the next.
    step = Step("channel.read", "channel", 3)
    monkeypatch.setattr(prefetcher, "_predict", lambda user_id: [Prediction(step, 1.0)])
    monkeypatch.setattr(prefetcher._loader, "_submit", lambda job: False)

    def fetches(user_id: int) -> bool:
        """Whether a visit in another process makes it fetch what comes next."""
        prefetcher.turn([(user_id, Step("channel.read", "channel", 1).place)])
        return any(task["user_id"] == user_id for task in prefetcher.tasks())

    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=CACHE)
        pause = page.get_by_role("button", name="Pause prefetching")
        pause.focus()
        with page.expect_response("**/control/api/prefetch"):
            pass
        expect(pause).to_be_focused()  # what was read meanwhile changed only numbers
        answer(page, "Pause prefetching", "Pause prefetching")
        expect(page.get_by_text("Paused everywhere")).to_be_visible()
        wait_until(lambda: not prefetcher.running)
        assert not fetches(7)
        answer(page, "Resume prefetching", "Resume prefetching")
        expect(page.get_by_text("Paused everywhere")).to_have_count(0)
        wait_until(lambda: prefetcher.running)
        assert fetches(8)
        page.route("**/control/api/cache", lambda route: route.abort())
        for part in ("tiers", "workers", "memory"):
            expect(page.locator(f"#{part}.stale")).to_be_visible()
        page.unroute("**/control/api/cache")
        expect(page.locator("main .stale-mark")).to_have_count(0)
        watch.allow("ERR_FAILED")
        watch.assert_quiet()
