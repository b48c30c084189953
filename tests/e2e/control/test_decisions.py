"""The log of decisions: a denial of yesterday, what it would be now, and what has changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import delete, insert, select

from app.extensions import permissions
from app.models import Channel
from tests.support.browser import screenshot, watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto
from yoto.permission.records.counts import add_counts
from yoto.store.columns import utcnow
from yoto.store.db import db, writing
from yoto.store.models import DecisionRecord, User

SEND = "message.send"


class Denied(NamedTuple):
    """A record of yesterday, and the channel that it is about."""

    record: int
    channel: int


@pytest.fixture
def denied(neighbour: Flask) -> Iterator[Denied]:
    """Tomas was denied sending to #announcements yesterday; by now he may."""
    with neighbour.app_context(), writing():
        channel = db.session.scalar(select(Channel.id).where(Channel.name == "announcements"))
        tomas = db.session.scalar(select(User.id).where(User.username == "tomas"))
        assert channel is not None and tomas is not None
        row = {
            "at": utcnow() - timedelta(days=1),
            "user_id": tomas,
            "asked": SEND,
            "scope": f"channel:{channel}",
            "allowed": False,
            "reason": "overwrite_denied",
            "weight": 1,
            "tier": "l1",
            "mask_hash": "",
            "request_id": "request-of-yesterday",
        }
        record = db.session.execute(insert(DecisionRecord.__table__), [row]).lastrowid
        add_counts(db.session.connection(), [row])
        db.session.commit()
        permissions.set_overwrite(channel, user_id=tomas, allow=[SEND])
        yield Denied(record, channel)
        permissions.clear_overwrite(channel, user_id=tomas)
        db.session.execute(delete(DecisionRecord).where(DecisionRecord.id == record))
        db.session.commit()
        db.session.remove()


def test_a_denial_of_yesterday_is_found_and_what_made_the_difference(
    browser: Browser, yoto: RunningYoto, denied: Denied
) -> None:
    with watched_page(browser, yoto.url, viewport=WIDE, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path="/permissions")
        expect(page.get_by_role("button", name="Decisions")).to_have_attribute(
            "aria-pressed", "true"
        )
        form = page.locator("form.question")
        form.get_by_label("User").fill("tomas")
        form.get_by_label("Verdict").select_option("Denied")
        form.get_by_label("Request").fill("request-of-yesterday")
        form.get_by_role("button", name="Find").click()
        row = page.get_by_role("table", name="Decisions").locator("tbody tr")
        expect(row).to_have_count(1)
        expect(row).to_contain_text("#announcements")
        expect(row).to_contain_text("denied by an overwrite")
        look_at_trends(page)
        assert_accessible(page)
        screenshot(page, "permissions-decisions-1280")

        row.get_by_role("button", name="Replay").click()
        assert_what_changed(page)
        assert_accessible(page)
        screenshot(page, "permissions-decision-1280")
        # The address alone leads there, on a telephone too.
        assert f"record={denied.record}" in page.url and "user=tomas" in page.url
        page.set_viewport_size(NARROW)
        page.reload()
        assert_what_changed(page)
        assert fits(page)
        page.get_by_role("button", name="Back to the log").click()
        expect(row).to_have_count(1)
        assert fits(page)
        assert "record=" not in page.url
        watch.assert_quiet()


def look_at_trends(page: Page) -> None:
    page.get_by_text("Trends", exact=True).click()
    page.get_by_role("button", name="30 days").click()
    place = page.get_by_role("table", name="By place").locator("tbody tr")
    expect(place.filter(has_text="announcements")).to_be_visible()
    expect(page.get_by_text("The log holds about")).to_be_visible()


def assert_what_changed(page: Page) -> None:
    replay = page.locator(".replay")
    expect(replay.locator(".badge")).to_have_text(["Denied", "Allowed"])
    expect(replay.locator(".changes")).to_contain_text("overwrite.set · #announcements")
    explained = page.locator(".derivation")
    expect(explained.locator(".card-head .badge")).to_have_text("Allowed")
