"""Calls that are rejected: why, and how they pass again."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.e2e.control.incidents.walk import SLOW, WHY, operate, overview
from tests.e2e.control.test_guards import Member, card
from tests.support.process import RunningYoto
from tests.support.waiting import wait_until


def test_a_guard_that_was_isolated_is_reset(
    browser: Browser, yoto: RunningYoto, member: Member
) -> None:
    with overview(browser, yoto) as walk:
        operate(walk.page, "POST", "/breakers/message.search/isolate", {"expires_in": 600})
        assert member.search() == 503

        walk.follow(walk.cause("breaker_isolated", "message.search"))
        breaker = card(walk.page, "circuit_breaker", "message.search")
        walk.click(breaker.get_by_role("button", name="Reset"))
        walk.agree("Reset")

        wait_until(lambda: member.search() == 200)


def test_whoever_calls_too_often_is_named_and_let_go_on(
    browser: Browser, yoto: RunningYoto, member: Member
) -> None:
    with overview(browser, yoto) as walk:
        cause = walk.cause("limiting", "message.send")
        wait_until(lambda: {member.say() for _ in range(5)} == {429} and cause.count() == 1)

        walk.follow(cause)
        callers = walk.page.get_by_role("table", name="Callers of the last minutes").get_by_role(
            "row"
        )
        walk.click(callers.filter(has_text=member.name).get_by_role("button", name="Reset usage"))
        walk.agree("Reset usage")

        assert member.say() == 201


def test_the_second_tab_learns_of_another_limit_before_it_saves(
    browser: Browser, yoto: RunningYoto
) -> None:
    entry = "/config/rate_limit/message.send"
    with overview(browser, yoto) as walk:
        walk.find("message.send", "Configure the limiter message.send")
        editor = walk.page.get_by_role("dialog")
        values = operate(walk.page, "GET", entry, {})["values"]
        place = list(values["dimensions"]).index("user+server")
        editor.locator(".dimension [data-key=limit]").nth(place).fill("30")
        counted = values["dimensions"]["user+server"]
        theirs = {"dimensions": values["dimensions"] | {"user+server": counted | {"limit": 90}}}
        operate(walk.page, "PUT", entry, {"values": theirs})

        row = editor.locator(".conflict tbody tr")
        # The one number that differs: as it was opened, as it is, as it is typed.
        expect(row.locator("td")).to_have_text(["60", "90", "30"], timeout=SLOW)
        walk.click(editor.get_by_role("button", name="Continue with mine"))
        editor.get_by_label("Reason").fill(WHY)
        walk.click(editor.get_by_role("button", name="Save"))
        expect(editor).to_have_count(0)

        saved = operate(walk.page, "GET", entry, {})["values"]["dimensions"]["user+server"]
        assert saved["limit"] == 30
        operate(walk.page, "DELETE", entry, {})
