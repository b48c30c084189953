"""Queues and locks: put dead letters back, choose a strategy, take a lock away."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.extensions import optimization, redis_store
from tests.support.browser import screenshot, watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto
from tests.support.waiting import wait_until
from yoto.errors import StaleToken, ValidationFailed
from yoto.optimization import DistributedLocks
from yoto.rooms.queues.batch import QueueItem

QUEUES = "/queues"
WHY = "its cause is mended"


class Picky:
    """A handler that refuses items until it is told otherwise."""

    def __init__(self) -> None:
        self.refuses = True
        self.done: list[int] = []

    def __call__(self, items: Sequence[QueueItem]) -> None:
        if self.refuses:
            raise ValidationFailed({"n": "is not to my taste"})
        self.done += [item.payload["n"] for item in items]


@pytest.fixture(scope="module")
def handler(neighbour: Flask) -> Picky:
    """Handles the items of kind ``taste`` in the tests' process; three have died."""
    handler = Picky()
    queue = optimization.of(neighbour).queue
    queue.register_handler("taste", handler)
    queue.start()
    queue.enqueue_many("taste", [{"n": n} for n in range(3)])
    wait_until(lambda: queue.stats().kinds["taste"].dead == 3)
    return handler


def confirm(page: Page, submit: str, reason: str = WHY) -> None:
    """Fill in the open dialog and do it."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=submit, exact=True).click()
    expect(dialog).to_have_count(0)


def test_a_cause_of_the_headline_leads_to_its_row(
    browser: Browser, yoto: RunningYoto, handler: Picky
) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        sign_in(page, yoto)
        cause = page.locator("#causes li[data-kind=dead_letters][data-name=taste]")
        cause.locator("a.what").click(timeout=30_000)
        kind = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="taste"))
        expect(kind).to_be_focused()


@pytest.mark.journey("queues")
def test_dead_letters_are_read_put_back_and_done(
    browser: Browser, yoto: RunningYoto, neighbour: Flask, handler: Picky
) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=QUEUES)
        kind = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="taste"))
        expect(kind.get_by_text("By a worker")).to_be_visible()
        kind.get_by_role("button", name="Dead letters …").click()
        expect(page.get_by_role("heading", name="Dead letters of taste")).to_be_focused()
        letters = page.get_by_role("table", name="Dead letters of taste").locator("tbody tr")
        expect(letters).to_have_count(3)
        expect(letters.first.get_by_text("is not to my taste")).to_be_visible()
        letters.first.get_by_role("button", name="Show").click()
        # Two workers tried them again, in an order of their own.
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text('"n": ')).to_be_visible()
        shown = re.search(r'"n": (\d)', dialog.inner_text())
        assert shown is not None
        newest = int(shown[1])
        screenshot(page, "queues-letter")
        assert_accessible(page)
        page.get_by_role("dialog").get_by_role("button", name="Close").click()

        handler.refuses = False
        letters.first.get_by_role("button", name="Retry").click()
        confirm(page, "Retry")
        wait_until(lambda: handler.done == [newest])
        expect(letters).to_have_count(2)
        letters.first.get_by_role("button", name="Discard").click()
        confirm(page, "Discard")
        expect(letters).to_have_count(1)
        kind.get_by_role("button", name="Retry all").click()
        confirm(page, "Retry all")
        wait_until(lambda: len(handler.done) == 2)
        assert handler.done[1] in {0, 1, 2} - {newest}
        expect(page.get_by_text("No dead letters.")).to_be_visible()
        expect(kind.get_by_role("button", name="Retry all")).to_have_count(0)

        def counted() -> bool:
            """Items are counted as done once their handler has returned."""
            counts = optimization.of(neighbour).queue.stats().kinds["taste"].counts
            return (counts.handled, counts.redriven, counts.discarded) == (2, 2, 1)

        wait_until(counted)
        page.locator("#letters-acts").get_by_role("button").click()
        # Its button went with the last letter, so the focus is where the list begins.
        expect(page.locator("#batch-title")).to_be_focused()
        page.route("**/control/api/queues", lambda route: route.abort())
        for part in ("batch", "kinds", "consumers", "invalidation"):
            expect(page.locator(f"#{part}.stale")).to_be_visible()
        page.unroute("**/control/api/queues")
        expect(page.locator("main .stale-mark")).to_have_count(0)
        watch.allow("ERR_FAILED")
        watch.assert_quiet()


def test_a_strategy_is_chosen_for_a_while_and_ended(
    browser: Browser, yoto: RunningYoto, neighbour: Flask
) -> None:
    queue = optimization.of(neighbour).invalidation
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=QUEUES)
        expect(page.get_by_text("chosen from measurements")).to_be_visible()
        page.get_by_role("button", name="Choose a strategy …").click()
        page.get_by_role("dialog").get_by_label("Strategy").select_option("aggressive")
        confirm(page, "Choose", "a flood")
        expect(page.get_by_text("chosen by an operator")).to_be_visible()
        assert queue.stats().strategy == "aggressive"
        page.get_by_role("button", name="End the choice").click()
        confirm(page, "End the choice")
        expect(page.get_by_text("chosen from measurements")).to_be_visible()
        assert queue.stats().forced is None
        watch.assert_quiet()


def test_a_lock_is_taken_away_and_its_holder_writes_no_more(
    browser: Browser, yoto: RunningYoto, neighbour: Flask
) -> None:
    locks = optimization.of(neighbour).locks
    lock = locks.create_lock("nightly-import", timeout=120, renew=False)
    assert lock.acquire()
    token = lock.token
    store = locks.fenced_store()
    store.claim("nightly-report", token)
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=QUEUES)
        row = page.get_by_role("row").filter(
            has=page.get_by_role("rowheader", name="nightly-import")
        )
        expect(row.get_by_text(str(token))).to_be_visible(timeout=20_000)
        row.get_by_role("button", name="Force-release …").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("button", name="Force-release", exact=True)).to_be_disabled()
        dialog.get_by_label("Type “nightly-import” to confirm").fill("nightly-import")
        screenshot(page, "queues-release")
        assert_accessible(page)
        confirm(page, "Force-release", "its holder hangs")
        expect(row).to_have_count(0)
        others = DistributedLocks(redis_store.of(neighbour))
        with others.create_lock("nightly-import", timeout=60) as later:
            store.write("nightly-report", "of the later holder", later.token)
            with pytest.raises(StaleToken):
                store.write("nightly-report", "late", token)
        others.close()
        watch.assert_quiet()


@pytest.mark.parametrize(
    ("theme", "size", "locale", "title"),
    [
        ("light", WIDE, "en-GB", "Queues and locks"),
        ("dark", NARROW, "zh-CN", "队列与锁"),
    ],
    ids=["light-1280-en", "dark-390-zh"],
)
def test_the_page_fits_in_both_languages_and_themes(
    browser: Browser,
    yoto: RunningYoto,
    handler: Picky,
    theme: str,
    size: dict[str, int],
    locale: str,
    title: str,
) -> None:
    options = {"color_scheme": theme, "viewport": size, "locale": locale}
    with watched_page(browser, yoto.url, **options) as (page, watch):
        sign_in(page, yoto, path=QUEUES)
        expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
        expect(page.get_by_role("rowheader", name="taste")).to_be_visible()
        screenshot(page, f"queues-{theme}-{size['width']}")
        assert fits(page)
        assert_accessible(page)
        watch.assert_quiet()
