"""Incidents, from the overview to what ends them: by links alone, in at most three clicks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.control.test_guards import Member, card
from tests.support.browser import watched_page
from tests.support.control_pages import sign_in
from tests.support.process import RunningYoto
from tests.support.redis_servers import wait_until

MOST = 3  # clicks
WHY = "found its cause"
RULE = '\ndeny contains "all_denied" if input.action.name == "server.manage"\n'


class Walk:
    """What somebody does who looks at the overview: each click is counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._clicks = 0
        self.allowed: list[str] = []  # what may be in the console

    def cause(self, kind: str, name: str) -> Locator:
        return self.page.locator(f"#causes li[data-kind={kind}][data-name='{name}']")

    def click(self, what: Locator) -> None:
        what.click(timeout=30_000)
        self._clicks += 1
        assert self._clicks <= MOST

    def agree(self, button: str, **fields: str) -> None:
        """Give the reason in the dialog, and act."""
        dialog = self.page.get_by_role("dialog").last
        for name, value in {"reason": WHY, **fields}.items():
            dialog.locator(f"[name={name}]").fill(value)
        self.click(dialog.get_by_role("button", name=button, exact=True))
        expect(dialog).to_have_count(0)


@contextmanager
def overview(browser: Browser, yoto: RunningYoto) -> Iterator[Walk]:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto)
        walk = Walk(page)
        yield walk
        watch.allow(*walk.allowed)


@pytest.fixture(scope="module")
def member(yoto: RunningYoto) -> Member:
    return Member(yoto)


def operate(page: Page, method: str, path: str, body: dict[str, Any]) -> Any:
    """What another operator does meanwhile."""
    return page.evaluate(
        """async ([method, path, body]) => {
            const api = await import("/static/control/api.js");
            if (method === "GET") {
              return api.get(path);
            }
            const etag = method === "PUT" ? (await api.read(path)).etag : null;
            return api[method.toLowerCase()](path, { reason: "an incident", ...body }, { etag });
        }""",
        [method, path, body],
    )


def test_a_guard_that_was_isolated_is_reset(
    browser: Browser, yoto: RunningYoto, member: Member
) -> None:
    with overview(browser, yoto) as walk:
        operate(walk.page, "POST", "/breakers/message.search/isolate", {"expires_in": 600})
        assert member.search() == 503

        walk.click(walk.cause("breaker_isolated", "message.search").get_by_role("link").last)
        breaker = card(walk.page, "circuit_breaker", "message.search")
        walk.click(breaker.get_by_role("button", name="Reset"))
        walk.agree("Reset")

        wait_until(lambda: member.search() == 200)


def test_maintenance_is_ended(browser: Browser, yoto: RunningYoto, member: Member) -> None:
    with overview(browser, yoto) as walk:
        # Who may grant what is not asked in maintenance.
        walk.allowed.append("access-requests")
        turned = {"confirm": "maintenance", "enabled": True}
        operate(walk.page, "PUT", "/maintenance/mode", turned)
        wait_until(lambda: member.search() == 503)

        walk.click(walk.cause("maintenance", "maintenance").get_by_role("link"))
        walk.click(walk.page.get_by_role("button", name="End maintenance"))
        walk.agree("End maintenance")

        wait_until(lambda: member.search() == 200)


def test_a_candidate_that_would_deny_all_is_dropped(browser: Browser, yoto: RunningYoto) -> None:
    with overview(browser, yoto) as walk:
        risk = operate(walk.page, "GET", "/policies/risk", {})
        operate(
            walk.page, "POST", "/policy-shadow", {"name": "risk", "source": risk["source"] + RULE}
        )

        walk.click(walk.page.get_by_role("link", name="Policies"))
        candidate = walk.page.get_by_role("region", name="Candidate in shadow")
        expect(candidate).to_contain_text("this says little")
        expect(candidate.get_by_role("button", name="Promote")).to_have_class(re.compile("danger"))
        walk.click(candidate.get_by_role("button", name="Drop"))
        walk.agree("Drop")

        expect(candidate).to_contain_text("There is no candidate")


def test_whoever_calls_too_often_is_named_and_let_go_on(
    browser: Browser, yoto: RunningYoto, member: Member
) -> None:
    with overview(browser, yoto) as walk:
        cause = walk.cause("limiting", "message.send")
        wait_until(lambda: {member.say() for _ in range(5)} == {429} and cause.count() == 1)

        walk.click(cause.get_by_role("link").last)
        callers = walk.page.get_by_role("table", name="Callers of the last minutes").get_by_role(
            "row"
        )
        walk.click(callers.filter(has_text=member.name).get_by_role("button", name="Reset usage"))
        walk.agree("Reset usage")

        assert member.say() == 201
