"""Rights: a policy that would deny everybody, a denial of yesterday, a role taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from tests.e2e.control.conftest import Denied
from tests.e2e.control.incidents.walk import operate, overview
from tests.e2e.control.test_events import follow
from tests.support.process import RunningYoto
from yoto.api.people import number_called
from yoto.extensions import permissions
from yoto.store.db import db
from yoto.store.models import Role

RULE = '\ndeny contains "all_denied" if input.action.name == "server.manage"\n'


@pytest.fixture
def moderator(neighbour: Flask) -> Iterator[None]:
    """Dana moderates, before and after."""
    yield
    with neighbour.app_context():
        dana = number_called("dana")
        role = db.session.scalar(select(Role.id).where(Role.name == "Moderator"))
        assert dana is not None and role is not None
        permissions.assign_roles_to_user(dana, [role])
        db.session.remove()


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


def test_a_denial_of_yesterday_leads_to_what_has_changed_since(
    browser: Browser, yoto: RunningYoto, denied: Denied
) -> None:
    with overview(browser, yoto) as walk:
        walk.find("tomas", "tomas")
        denials = walk.page.get_by_role("table", name="Decisions")
        walk.click(denials.get_by_role("row", name="#announcements").get_by_role("link").first)
        replay = walk.page.locator(".replay")
        expect(replay.locator(".badge")).to_have_text(["Denied", "Allowed"])
        walk.click(
            replay.get_by_role("listitem")
            .filter(has_text="overwrite.set")
            .get_by_role("link")
            .first
        )
        expect(walk.page.get_by_role("dialog")).to_contain_text("overwrite.set")


def test_a_role_that_is_taken_away_is_seen_to_reach_every_worker(
    browser: Browser, yoto: RunningYoto, moderator: None, moderating_operator: str
) -> None:
    with overview(browser, yoto, moderating_operator) as walk:
        happened = walk.page.context.new_page()
        follow(happened, yoto, moderating_operator)
        walk.find("dana", "Dana Weiss")
        roles = walk.page.get_by_role("table", name="Roles")
        walk.click(
            roles.get_by_role("row", name="Moderator").get_by_role("button", name="Remove role")
        )
        walk.agree("Remove role")

        reached = re.compile(r"Reached 1 of 1 workers in \d+ ms")
        expect(walk.page.get_by_text(reached)).to_be_visible()
        expect(roles.get_by_role("row", name="Moderator")).to_have_count(0)
        # Its event says who did it, what, and to which role, and how far it has come.
        event = happened.locator(".tail details").filter(has_text="dana").first
        event.locator("summary").click()
        expect(event).to_contain_text("mara · Role removed role.unassign · dana")
        expect(event.locator(".acts")).to_contain_text("Moderator")
        expect(event.get_by_text(reached)).to_be_visible()
