"""The walk of an operator from the overview: by links alone, in at most three clicks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import watched_page
from tests.support.control_pages import sign_in
from tests.support.process import RunningYoto

MOST = 3  # clicks
WHY = "found its cause"
SLOW = 30_000  # ms until a cause is in the headline


class Walk:
    """A walk through pages: each click is counted, and one more than ``MOST`` fails."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._clicks = 0
        self.allowed: list[str] = []  # what may be in the console

    def cause(self, kind: str, name: str) -> Locator:
        """A cause of the headline."""
        return self.page.locator(f"#causes li[data-kind={kind}][data-name='{name}']")

    def click(self, what: Locator) -> None:
        what.click(timeout=SLOW)
        self._count()

    def follow(self, cause: Locator) -> None:
        """The link of a cause to what ends it."""
        self.click(cause.locator("> a.what"))

    def find(self, text: str, wanted: str) -> None:
        """Search by the keyboard alone; choosing counts as a click."""
        self.page.keyboard.press("Control+k")
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("combobox").fill(text)
        found = dialog.get_by_role("option").filter(has_text=wanted)
        self.click(found.first)

    def agree(self, button: str, **fields: str) -> None:
        """Give the reason in the dialog, and act."""
        dialog = self.page.get_by_role("dialog").last
        for name, value in {"reason": WHY, **fields}.items():
            dialog.locator(f"[name={name}]").fill(value)
        self.click(dialog.get_by_role("button", name=button, exact=True))
        expect(dialog).to_have_count(0)

    def _count(self) -> None:
        self._clicks += 1
        assert self._clicks <= MOST


@contextmanager
def overview(browser: Browser, yoto: RunningYoto, username: str = "admin") -> Iterator[Walk]:
    """The overview in a browser of its own, which must have been quiet."""
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto, username)
        walk = Walk(page)
        yield walk
        watch.allow(*walk.allowed)


def operate(page: Page, method: str, path: str, body: dict[str, Any]) -> Any:
    """Call the operators' API as another operator would meanwhile."""
    return page.evaluate(
        """async ([method, path, body]) => {
            const api = await import("/static/control/api.js");
            if (method === "GET") {
              return api.get(path);
            }
            const etag = method === "POST" ? null : (await api.read(path)).etag;
            const act = method === "DELETE" ? api.remove : api[method.toLowerCase()];
            return act(path, { reason: "an incident", ...body }, { etag });
        }""",
        [method, path, body],
    )
