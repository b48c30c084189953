"""The log of decisions: a denial of yesterday, what it would be now, and what has changed."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.e2e.control.conftest import Denied
from tests.support.browser import screenshot, watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto


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


FOLDS = """async (rows) => {
  const file = document.querySelector("link[href$='decision_log/folding.js']").href;
  const { foldDecisions } = await import(file);
  return foldDecisions(rows).map((one) =>
    [one.id, one.times, one.seconds, one.places, one.more_places]);
}"""


def test_decisions_of_one_caller_permission_and_reason_are_one_row(
    browser: Browser, yoto: RunningYoto
) -> None:
    def row(id: int, **fields: object) -> dict[str, object]:
        made = {
            "id": id,
            "at": f"2026-12-01T10:00:{id:02}+00:00",
            "user_id": 30,
            "permission": "message.send",
            "place": "channel:1",
            "allowed": False,
            "reason": "not_granted",
            "weight": 1,
            "request_id": f"r{id}",
        }
        return {**made, **fields}

    inner = {"permission": "admin.audit", "place": "global"}
    rows = [
        row(19, weight=100, place="channel:2"),
        row(18, **inner, request_id="r17"),
        row(17),
        row(16, reason="timed_out"),
        row(15, user_id=31),
        row(14, allowed=True),
        row(13, **inner),  # asked for itself
        *(row(12 - at, place=f"channel:{3 + at}") for at in range(3)),
    ]
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        sign_in(page, yoto, path="/permissions")
        folded = page.evaluate(FOLDS, rows)
    assert folded == [
        [19, 104, 9, ["channel:2", "channel:1", "channel:3"], 2],
        [16, 1, 0, ["channel:1"], 0],
        [15, 1, 0, ["channel:1"], 0],
        [14, 1, 0, ["channel:1"], 0],
        [13, 1, 0, ["global"], 0],
    ]


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
