"""The page of guards: an operator's acts there are felt in the product, and undone there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.support.browser import screenshot, watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.people import call
from tests.support.process import RunningYoto
from tests.support.waiting import wait_until
from yoto.resilience import Kind, degradable, get_resilience_controller

WHY = "a <b>test</b> of what operators do"
GUARDS = "/guards?idle=open"
SENDING, SEARCHING = "message.send", "message.search"


class Member:
    """Somebody of the demo who sends and searches."""

    def __init__(self, yoto: RunningYoto) -> None:
        self._yoto = yoto
        self.name = next(name for name in yoto.accounts if name != "admin")
        credentials = {"username": self.name, "password": yoto.accounts[self.name]}
        self._token = call(yoto, "POST", "auth/login", credentials)[1]["access_token"]
        server = self._get("servers")["items"][0]["id"]
        channels = self._get(f"servers/{server}/channels")["items"]
        self._channel = next(one["id"] for one in channels if self._may_say(one["id"]))

    def _get(self, path: str) -> dict[str, list[dict[str, int]]]:
        found: dict[str, list[dict[str, int]]] = call(self._yoto, "GET", path, token=self._token)[1]
        return found

    def _may_say(self, channel: int) -> bool:
        return self.say(channel) == 201

    def say(self, channel: int | None = None) -> int:
        path = f"channels/{channel or self._channel}/messages"
        return call(self._yoto, "POST", path, {"content": "Ahoy"}, self._token)[0]

    def search(self) -> int:
        path = f"channels/{self._channel}/messages/search?q=ahoy"
        return call(self._yoto, "GET", path, token=self._token)[0]


@pytest.fixture(scope="module")
def member(yoto: RunningYoto) -> Member:
    return Member(yoto)


@contextmanager
def guards_page(browser: Browser, yoto: RunningYoto, **options: object) -> Iterator[Page]:
    """The wall, in a browser of its own; it must have been quiet."""
    with watched_page(browser, yoto.url, **{"locale": "en-GB", **options}) as (page, watch):
        sign_in(page, yoto, path=GUARDS)
        expect(page.locator(".guard").first).to_be_visible()
        yield page
        # A browser reports refused requests itself, as it does the 412 that a test is about.
        watch.allow("412", "422")


def card(page: Page, kind: str, name: str) -> Locator:
    return page.locator(f'[data-guard="{kind}:{name}"]')


def act(page: Page, guard: Locator, button: str) -> None:
    """Press a button of a card, say why, and go on."""
    guard.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(WHY)
    dialog.locator("button[type=submit]").click()
    expect(dialog).to_have_count(0)


def open_editor(page: Page, kind: str, name: str) -> Locator:
    card(page, kind, name).get_by_role("button", name="Configure").click()
    editor = page.get_by_role("dialog")
    expect(editor.get_by_role("button", name="Save")).to_be_visible()
    return editor


@pytest.mark.parametrize(
    ("size", "theme", "language"), [(WIDE, "light", "en"), (NARROW, "dark", "zh")]
)
def test_the_wall_shows_every_guard_in_words_and_numbers(
    browser: Browser,
    yoto: RunningYoto,
    member: Member,
    size: dict[str, int],
    theme: str,
    language: str,
) -> None:
    assert member.say() == 201
    options = {"viewport": size, "color_scheme": theme, "locale": language}
    with guards_page(browser, yoto, **options) as page:
        closed = {"en": "Closed", "zh": "关闭"}[language]
        sending = card(page, "circuit_breaker", SENDING)
        expect(sending.locator(".badge.ok")).to_have_text(closed)
        expect(card(page, "bulkhead", SENDING)).to_contain_text("0 / 50")
        expect(card(page, "rate_limit", SENDING).locator(".sparkline").first).to_be_visible()
        redis = card(page, "circuit_breaker", "redis")
        expect(redis.locator(".buttons button")).to_have_count(0)
        assert fits(page)
        assert_accessible(page)
        screenshot(page, f"guards-{theme}-{language}-{size['width']}")


def test_guards_are_found_by_name_kind_and_state(browser: Browser, yoto: RunningYoto) -> None:
    with guards_page(browser, yoto) as page:
        page.get_by_label("Name", exact=True).fill("SEARCH")
        expect(page.locator(".guard")).to_have_count(3)
        page.get_by_label("Kind").select_option("bulkhead")
        expect(page.locator(".guard h3")).to_have_text([SEARCHING, f"{SEARCHING}-of-user"])
        page.get_by_label("State").select_option("closed")
        expect(page.get_by_text("No guard matches this filter.")).to_be_visible()


@pytest.mark.journey("guards")
def test_an_isolated_breaker_refuses_the_product_until_it_is_reset(
    browser: Browser, yoto: RunningYoto, member: Member
) -> None:
    assert member.search() == 200
    with guards_page(browser, yoto) as page:
        breaker = card(page, "circuit_breaker", SEARCHING)
        breaker.get_by_role("button", name="Isolate", exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("it stays in effect until somebody resets it")).to_have_count(0)
        dialog.locator("[name=expires_in]").select_option("")
        expect(dialog.get_by_text("it stays in effect until somebody resets it")).to_be_visible()
        dialog.get_by_label("Reason").fill(WHY)
        dialog.locator("button[type=submit]").click()
        expect(breaker.locator(".badge.failed")).to_have_text("Isolated")
        expect(breaker).to_contain_text("no expiry")
        expect(breaker).to_contain_text(WHY)
        assert member.search() == 503
        act(page, breaker, "Reset")
        expect(breaker.locator(".badge.ok")).to_have_text("Closed")
        expect(breaker).not_to_contain_text(WHY)
    wait_until(lambda: member.search() == 200)


def test_a_lowered_limit_bites_and_a_dry_run_knew_it(
    browser: Browser, yoto: RunningYoto, member: Member
) -> None:
    assert [member.say() for _ in range(3)] == [201] * 3
    with guards_page(browser, yoto) as page:
        editor = open_editor(page, "rate_limit", SENDING)
        rows = editor.locator(".dimension")
        expect(rows).to_have_count(3)
        user = rows.filter(has=page.locator('input[data-key="name"][value="user"]'))
        user.locator('[data-key="limit"]').fill("many")
        problem = editor.locator('[data-field="dimensions"] .problems')
        expect(problem).to_contain_text("user.limit: must be a whole number")
        user.locator('[data-key="limit"]').fill("1")
        user.locator('[data-key="burst"]').fill("1")
        user.locator('[data-key="also"]').fill("900 per hour")
        expect(problem).to_be_hidden()
        expect(editor.get_by_role("region", name="Changes")).to_contain_text("limit")
        editor.get_by_role("button", name="Try on recent calls").click()
        expect(editor.locator(".verdict")).to_have_text(
            re.compile(r"Would have rejected [1-9]\d* of \d+ calls")
        )
        assert_accessible(page)
        screenshot(page, "guards-editor")
        editor.get_by_role("button", name="Save").click()
        expect(editor.get_by_text("Required.")).to_be_visible()
        editor.get_by_label("Reason").fill(WHY)
        editor.get_by_role("button", name="Save").click()
        expect(editor).to_have_count(0)
        limiter = card(page, "rate_limit", SENDING)
        expect(limiter).to_contain_text("Set by operators: Dimensions")
        expect(limiter).to_contain_text(re.compile(r"User / hour\s*900 in 1 h"))
        wait_until(lambda: member.say() == 429)
        expect(limiter).to_contain_text("Most rejected first", timeout=10_000)
        expect(limiter).to_contain_text(
            re.compile(r"user [a-z]+ · server .*\d+ allowed, [1-9]\d* rejected")
        )
        limiter.get_by_role("button", name="Callers").click()
        expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"\d+ allowed, [1-9]"))
        page.get_by_role("dialog").get_by_role("button", name="Close").click()
        act(page, limiter, "Reset a caller's usage")
        assert member.say() == 201
        editor = open_editor(page, "rate_limit", SENDING)
        editor.locator("summary").click()
        expect(editor.get_by_role("row").filter(has_text="v1")).to_contain_text(WHY)
        editor.get_by_label("Reason").fill("enough")
        sent: list[str] = []
        page.on("request", lambda one: sent.append(one.method))
        editor.get_by_role("button", name="Back to the default").dblclick()
        expect(editor).to_have_count(0)
        assert sent.count("DELETE") == 1
        expect(limiter).not_to_contain_text("Set by operators")
    wait_until(lambda: [member.say() for _ in range(3)] == [201] * 3)


@pytest.fixture
def parted(neighbour: Flask) -> Iterator[None]:
    """The bulkhead of searches has slots for each user."""
    with neighbour.app_context():
        config = get_resilience_controller().config
        config.set(Kind.BULKHEAD, SEARCHING, {"strategy": "user"}, author="test", reason=WHY)
        yield
        config.delete(Kind.BULKHEAD, SEARCHING, author="test", reason=WHY)


def test_a_bulkhead_of_partitions_shows_what_is_known_and_a_lost_answer_is_no_conflict(
    browser: Browser, yoto: RunningYoto, parted: None
) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=GUARDS)
        bulkhead = card(page, "bulkhead", SEARCHING)
        expect(bulkhead.locator(".badge")).to_have_text("Separate slots: each user")
        expect(bulkhead).to_contain_text(re.compile(r"In flight in this worker\s*0"))
        expect(bulkhead).to_contain_text(re.compile(r"Limit of each user\s*\d+"))
        editor = open_editor(page, "bulkhead", SEARCHING)
        editor.locator('[data-field="wait"] input').fill("2")
        editor.get_by_label("Reason").fill(WHY)

        def lose(route: Route) -> None:
            assert route.fetch().ok
            route.abort()

        page.route("**/config/bulkhead/*", lose, times=1)
        editor.get_by_role("button", name="Save").click()
        expect(editor.get_by_text("did not respond")).to_be_visible()
        editor.get_by_role("button", name="Save").click()
        expect(editor).to_have_count(0)
        # The browser itself reports the answer that was lost, and nothing else.
        watch.allow("ERR_FAILED")
        watch.assert_quiet()


def test_what_is_old_stays_marked_while_guards_are_filtered(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=GUARDS)
        expect(page.locator(".guard").first).to_be_visible()
        page.route("**/control/api/guards?*", lambda route: route.abort())
        mark = page.locator("main .stale-mark")
        expect(mark).to_be_visible()
        page.get_by_label("Name", exact=True).fill("search")
        expect(page.locator(".guard")).to_have_count(3)
        expect(mark).to_be_visible()
        said = page.locator("#summary").evaluate("node => node.firstChild.marked = true")
        page.unroute("**/control/api/guards?*")
        expect(mark).to_have_count(0)
        assert said and page.locator("#summary").evaluate("node => node.firstChild.marked")
        # The browser itself reports what was lost on the way, and nothing else.
        watch.allow("ERR_FAILED")
        watch.assert_quiet()


def test_the_second_of_two_operators_is_told_and_loses_nothing(
    browser: Browser, yoto: RunningYoto
) -> None:
    def fill(editor: Locator, value: str, reason: str) -> None:
        editor.locator('[data-field="wait"] input').fill(value)
        editor.get_by_label("Reason").fill(reason)

    with guards_page(browser, yoto) as first, guards_page(browser, yoto) as second:
        ours, theirs = (open_editor(page, "bulkhead", SEARCHING) for page in (first, second))
        fill(ours, "2", "mine")
        fill(theirs, "3", "theirs, with care")
        theirs.get_by_role("button", name="Save").click()
        expect(theirs).to_have_count(0)
        # Before anything is saved.
        conflict = ours.locator(".conflict")
        expect(conflict).to_contain_text("Somebody else changed this meanwhile")
        expect(conflict).to_contain_text("theirs, with care")
        row = conflict.get_by_role("row").filter(has_text="Waits for a slot")
        expect(row.locator("td")).to_have_text(["0.5", "3", "2"])
        screenshot(first, "guards-conflict")
        assert_accessible(first)
        wait = ours.locator('[data-field="wait"] input')
        expect(wait).to_have_value("2")
        expect(ours.get_by_label("Reason")).to_have_value("mine")
        ours.get_by_role("button", name="Continue with mine").click()
        ours.get_by_role("button", name="Save").click()
        expect(ours).to_have_count(0)
        editor = open_editor(second, "bulkhead", SEARCHING)
        expect(editor.locator('[data-field="wait"] input')).to_have_value("2")
        editor.locator("summary").click()
        older = editor.get_by_role("row").filter(has_text="theirs, with care")
        older.get_by_role("button", name="Roll back to this").click()
        asked = second.get_by_role("dialog").last
        asked.get_by_label("Reason").fill("theirs was better")
        asked.locator("button[type=submit]").click()
        expect(editor.locator('[data-field="wait"] input')).to_have_value("3")
        editor.get_by_label("Reason").fill("enough")
        editor.get_by_role("button", name="Back to the default").click()
        expect(editor).to_have_count(0)


@degradable("recommendations", fallback=lambda: "what all like")
def recommended() -> str:
    """A feature of the tests' process."""
    return "what you like"


def test_a_feature_is_degraded_and_switched_on_again(
    browser: Browser, yoto: RunningYoto, neighbour: Flask
) -> None:
    def answers(text: str) -> bool:
        with neighbour.app_context():
            return recommended() == text

    assert answers("what you like")
    with guards_page(browser, yoto) as page:
        row = page.locator("#degradation").get_by_role("row").filter(has_text="Every feature")
        row.get_by_role("button", name="Set a level").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Level").select_option("light")
        dialog.get_by_label("Reason").fill(WHY)
        dialog.locator("button[type=submit]").click()
        expect(row.locator(".badge.warning")).to_have_text("Light")
        wait_until(lambda: answers("what all like"))
        row.get_by_role("button", name="Clear the level").click()
        dialog.get_by_label("Reason").fill(WHY)
        dialog.locator("button[type=submit]").click()
        expect(row.locator(".badge.ok")).to_have_text("None")
        wait_until(lambda: answers("what you like"))


def test_slots_that_are_kept_are_shown(browser: Browser, yoto: RunningYoto, member: Member) -> None:
    with guards_page(browser, yoto) as page:
        slots = card(page, "bulkhead", SENDING)
        expect(slots).not_to_contain_text("kept slots")
        editor = open_editor(page, "bulkhead", SENDING)
        editor.locator('[data-field="mode"] select').select_option("leased")
        editor.get_by_label("Reason").fill(WHY)
        editor.get_by_role("button", name="Save").click()
        expect(editor).to_have_count(0)
        wait_until(lambda: _says_and_is_seen(member, slots))
        expect(slots).to_contain_text("Kept free in this worker")
        expect(slots).to_contain_text(re.compile(r"\d+ of [1-9]\d* kept slots"))
        assert_accessible(page)
        screenshot(page, "guards-leased")


def _says_and_is_seen(member: Member, slots: Locator) -> bool:
    """Whether a slot was kept yet, as one is when messages follow each other closely; some are more
    than the limit allows."""
    assert member.say() in (201, 429)
    return "kept slots" in slots.inner_text()
