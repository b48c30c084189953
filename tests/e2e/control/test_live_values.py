"""While people use the platform each page follows by itself, or tells it when it is asked again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from app.extensions import optimization
from tests.e2e.control.test_events import follow, lines
from tests.e2e.control.test_guards import card
from tests.e2e.control.test_overview import chart
from tests.e2e.control.test_permissions import fill
from tests.e2e.control.test_settings import row, token_of
from tests.support.browser import watched_page
from tests.support.control_pages import sign_in
from tests.support.people import call
from tests.support.process import RunningYoto
from yoto.rooms.queues.batch import QueueItem

LIVE = 20_000  # ms in which what happens is on a page
RULE = "many-requests"
NAME = "Lighthouse"


@pytest.fixture(scope="module")
def page(browser: Browser, busy: RunningYoto) -> Iterator[Page]:
    """One page that goes from place to place."""
    with watched_page(browser, busy.url, locale="en-GB") as (found, _):
        yield found


@contextmanager
def staying(page: Page) -> Iterator[None]:
    """The document that is open is still the same one at the end."""
    page.evaluate("window.sameAsBefore = true")
    yield
    assert page.evaluate("window.sameAsBefore") is True


def assert_moves(shown: Locator) -> None:
    """A number is shown, and then another one."""
    expect(shown).to_have_text(re.compile(r"\d"), timeout=LIVE)
    before = shown.text_content() or ""
    expect(shown).not_to_have_text(before, timeout=LIVE)
    expect(shown).to_have_text(re.compile(r"\d"))


def test_overview_tells_decisions_and_their_time(page: Page, busy: RunningYoto) -> None:
    sign_in(page, busy)
    with staying(page):
        allowed = chart(page, "Decisions").locator(".legend li").filter(has_text="allowed")
        expect(allowed).to_have_text(re.compile("[1-9]"), timeout=LIVE)
        assert_moves(allowed.locator("b"))
        slow = chart(page, "Decision time").locator(".legend li").filter(has_text="p95")
        assert_moves(slow.locator("b"))


def test_guards_count_the_calls_of_a_breaker_and_of_a_limiter(
    page: Page, busy: RunningYoto
) -> None:
    sign_in(page, busy, path="/guards")
    with staying(page):
        breaker = card(page, "circuit_breaker", "message.send")
        assert_moves(breaker.locator("dt", has_text="Calls in window").locator("+ dd"))
        limiter = card(page, "rate_limit", "message.send")
        assert_moves(limiter.get_by_text(re.compile(r"of the last \d+ calls")))


def test_cache_counts_look_ups(page: Page, busy: RunningYoto) -> None:
    sign_in(page, busy, path="/cache")
    with staying(page):
        memory = page.locator("#tiers li").filter(has_text="memory (L1)")
        assert_moves(memory.get_by_text(re.compile("lookups")))


def test_queues_show_what_is_put_in_and_done(
    page: Page, busy: RunningYoto, neighbour: Flask
) -> None:
    done: list[int] = []

    def handle(items: Sequence[QueueItem]) -> None:
        done.extend(item.payload["n"] for item in items)

    queue = optimization.of(neighbour).queue
    sign_in(page, busy, path="/queues")
    with staying(page):
        tiles = page.locator("#batch li")
        expect(tiles.filter(has_text="Waiting")).to_be_visible()
        kind = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="errand"))
        expect(kind).to_have_count(0)
        queue.enqueue_many("errand", [{"n": n} for n in range(40)])
        # Nobody handles such items yet.
        waiting = kind.get_by_role("cell").first
        expect(waiting).to_have_text("40", timeout=LIVE)
        queue.register_handler("errand", handle)
        queue.start()
        expect(waiting).to_have_text("0", timeout=LIVE)
        expect(kind).to_contain_text(re.compile(r"→ [\d.]*[1-9]"), timeout=LIVE)
    assert sorted(done) == list(range(40))


def test_instances_tell_how_a_worker_is(page: Page, busy: RunningYoto) -> None:
    sign_in(page, busy, path="/instances")
    with staying(page):
        worker = page.locator(".instances tbody tr").filter(has_text="this worker")
        assert_moves(worker.get_by_role("cell").filter(has_text="log"))


# As an operator of another page does it.
ACT = """async ([method, path, body]) => {
    const api = await import("/static/control/api.js");
    const { etag } = method === "post" ? {} : await api.read(path);
    return await api.post(method === "post" ? path : `${path}/${method}`, body, { etag });
}"""


def act(page: Page, what: str, path: str, **body: Any) -> None:
    page.evaluate(ACT, [what, path, {"reason": "a test of alerts", **body}])


def test_alerts_are_raised_by_load_and_end_by_themselves(page: Page, busy: RunningYoto) -> None:
    sign_in(page, busy, path="/alerts")
    values = {"metric": "yoto_http_requests_total", "direction": "high", "warning": 0.5, "hold": 0}
    with staying(page):
        # One for each area of the product that is asked so often.
        all_raised = row(page, "#alerts", RULE)
        raised = all_raised.filter(has_text="area: messages").filter(has_text="status: 2xx")
        expect(page.locator(".skeleton")).to_have_count(0)
        expect(all_raised).to_have_count(0)
        act(page, "post", "/alerts/rules", name=RULE, values=values)
        try:
            expect(raised).to_contain_text("Unacknowledged", timeout=LIVE)
            now, limit = (raised.locator("td.number").nth(place) for place in range(2))
            expect(now).to_have_text(re.compile(r"[1-9]"))
            expect(limit).to_have_text(re.compile(r"0\.5"))
        finally:
            act(page, "remove", f"/alerts/rules/{RULE}")
        expect(all_raised).to_have_count(0, timeout=LIVE)


def test_policies_count_what_they_are_asked(page: Page, busy: RunningYoto) -> None:
    sign_in(page, busy, path="/policies")
    with staying(page):
        counted = page.locator("dt", has_text="Evaluations").locator("+ dd")
        assert_moves(counted)


@pytest.fixture
def lighthouse(busy: RunningYoto) -> Iterator[int]:
    """A server that is made for the test, and gone after it."""
    token = token_of(busy, "mara")
    made: int = call(busy, "POST", "servers", {"name": NAME}, token)[1]["id"]
    yield made
    # An answer without content has an empty body.
    with pytest.raises(json.JSONDecodeError):
        call(busy, "DELETE", f"servers/{made}", token=token)


def test_an_event_of_the_product_becomes_a_line(
    page: Page, busy: RunningYoto, request: pytest.FixtureRequest
) -> None:
    follow(page, busy)
    with staying(page):
        request.getfixturevalue("lighthouse")
        # By its name, not as "server:5".
        expect(lines(page, "permission.changed").filter(has_text=NAME)).not_to_have_count(
            0, timeout=LIVE
        )


def test_audit_and_permissions_tell_it_when_they_are_asked_again(
    page: Page, busy: RunningYoto, request: pytest.FixtureRequest
) -> None:
    """Neither page changes by itself: it answers a question."""
    sign_in(page, busy, path="/permissions")
    page.get_by_role("button", name="Who and where").click()
    where = page.locator("section").filter(has=page.get_by_role("heading", name="Where a user"))
    fill(where, user="mara", permission="server.manage")
    where.locator("select").select_option("server")
    ask = where.get_by_role("button", name="Find")
    ask.click()
    found = where.get_by_role("rowheader", name=NAME)
    expect(where.get_by_role("rowheader").first).to_be_visible()
    expect(found).to_have_count(0)
    made = request.getfixturevalue("lighthouse")
    with staying(page):
        ask.click()
        expect(found).to_be_visible()
    sign_in(page, busy, path="/audit")
    with staying(page):
        subject = page.locator("#filter-subject")
        # Text that is typed is searched for without Enter, which searches again.
        with page.expect_response(re.compile("/audit\\?.*subject=server")):
            subject.fill(f"server:{made}")
        records = page.locator("#records tbody tr")
        changed = records.filter(has_text="server.update")
        expect(records.filter(has_text="server.create").first).to_be_visible()
        expect(changed).to_have_count(0)
        token = token_of(busy, "mara")
        assert call(busy, "PATCH", f"servers/{made}", {"name": "Beacon"}, token)[0] == 200
        subject.press("Enter")
        expect(changed).to_be_visible()
        expect(changed).to_contain_text("Beacon")
