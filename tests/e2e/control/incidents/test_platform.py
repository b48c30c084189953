"""Incidents of the platform itself: stores, maintenance, queues and sign-ins."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask
from playwright.sync_api import Browser, expect

from app.extensions import optimization
from tests.e2e.control.incidents.walk import SLOW, operate, overview
from tests.e2e.control.test_guards import Member
from tests.support.community_pages import row_of
from tests.support.control_pages import fill_in
from tests.support.people import call
from tests.support.process import RunningYoto
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.errors import ValidationFailed
from yoto.rooms.queues.batch import QueueItem

NETWORK = "127.0.0.0/24"


def test_maintenance_is_ended(browser: Browser, yoto: RunningYoto, member: Member) -> None:
    with overview(browser, yoto) as walk:
        # The pages do not ask in maintenance who may grant what.
        walk.allowed.append("access-requests")
        turned = {"confirm": "maintenance", "enabled": True}
        operate(walk.page, "PUT", "/maintenance/mode", turned)
        wait_until(lambda: member.search() == 503)

        walk.follow(walk.cause("maintenance", "maintenance"))
        walk.click(walk.page.get_by_role("button", name="End maintenance"))
        walk.agree("End maintenance")

        wait_until(lambda: member.search() == 200)


def test_items_that_nobody_handles_and_those_that_died_are_done(
    browser: Browser, yoto: RunningYoto, neighbour: Flask
) -> None:
    refuses, done = True, []

    def handle(items: Sequence[QueueItem]) -> None:
        if refuses:
            raise ValidationFailed({"n": "is not to my taste"})
        done.extend(item.payload["n"] for item in items)

    queue = optimization.of(neighbour).queue
    queue.enqueue_many("errand", [{"n": n} for n in range(2)])
    with overview(browser, yoto) as walk:
        walk.follow(walk.cause("unserved_items", "errand"))
        kind = row_of(walk.page, "errand")
        expect(kind).to_be_focused()
        expect(kind).to_contain_text("No handler")
        queue.register_handler("errand", handle)
        queue.start()
        wait_until(lambda: queue.stats().kinds["errand"].dead == 2)
        expect(kind).to_contain_text("By a worker")
    refuses = False
    with overview(browser, yoto) as walk:
        expect(walk.cause("unserved_items", "errand")).to_have_count(0, timeout=SLOW)
        walk.follow(walk.cause("dead_letters", "errand"))
        walk.click(row_of(walk.page, "errand").get_by_role("button", name="Retry all"))
        walk.agree("Retry all")
        wait_until(lambda: sorted(done) == [0, 1])


def test_failed_sign_ins_are_named_with_their_network_and_keep_no_operator_out(
    browser: Browser, yoto: RunningYoto
) -> None:
    entry = "/config/rate_limit/auth.sign-in"
    # Few passwords are checked, which takes long; the others are refused.
    few = {"dimensions": {"ip": {"limit": 2, "window": 300}}}
    with overview(browser, yoto) as walk:
        operate(walk.page, "PUT", entry, {"values": few})

        def fail(username: str) -> int:
            tried = {"username": username, "password": "a guess"}
            return call(yoto, "POST", "auth/login", tried)[0]

        assert {fail("nobody") for _ in range(13)} == {401, 429}
        assert fail("nobody-else") == 429
        cause = walk.cause("alert", "failed_sign_ins")
        expect(cause).to_contain_text(f"14 failed sign-ins from {NETWORK}", timeout=SLOW)
        walk.follow(cause)
        alert = walk.page.get_by_role("region", name="Alert", exact=True)
        walk.click(alert.get_by_role("button", name="Acknowledge"))
        walk.agree("Acknowledge")
        expect(walk.page.get_by_text("You have acknowledged it")).to_be_visible()
        # No stranger signs in from there any more; operators have a limit of their own.
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(f"{yoto.url}/control/sign-in")
            fill_in(page, yoto, "admin")
            expect(page.locator("#causes-card")).to_be_visible(timeout=SLOW)
        operate(walk.page, "DELETE", entry, {})


def test_redis_that_is_frozen_leads_to_what_to_do(
    browser: Browser, yoto: RunningYoto, store: Server
) -> None:
    with overview(browser, yoto) as walk:
        walk.allowed += ["503", "504"]
        store.pause()
        try:
            walk.follow(walk.cause("component", "redis"))
            row = walk.page.get_by_role("row", name="Redis")
            walk.click(row.get_by_role("link", name="What to do: Redis"))
            expect(walk.page.get_by_role("heading", name="Redis availability")).to_be_visible()
        finally:
            store.resume()


def test_redis_that_was_killed_raises_an_alert_that_leads_to_what_to_do(
    browser: Browser, yoto: RunningYoto, store: Server
) -> None:
    rule = "/alerts/rules/redis"
    with overview(browser, yoto) as walk:
        walk.allowed += ["503", "504"]
        # At once, not only when it was away for longer than a restart takes.
        operate(walk.page, "PUT", rule, {"values": {"hold": 0}})
        store.kill()
        try:
            walk.follow(walk.cause("alert", "redis"))
            walk.click(walk.page.get_by_role("link", name="Runbook"))
            expect(walk.page.get_by_role("heading", name="Redis availability")).to_be_visible()
        finally:
            store.start()
        operate(walk.page, "PUT", rule, {"values": {"hold": 15}})
