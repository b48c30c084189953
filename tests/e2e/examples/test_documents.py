"""``examples/documents``: who reads and writes what in a tree of its own, from browsers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ASYNC_MODE
from tests.support.browser import chromium, screenshot, watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits
from tests.support.example import Example
from tests.support.installed import Environment
from tests.support.redis_servers import Server
from tests.support.require import LONG

pytestmark = LONG

# Denials are what some tests are about, and the browser itself reports them.
REFUSED = ("status of 403", "status of 404", "status of 422")


class Studio:
    """The example with its demo, and the browsers that look at it."""

    def __init__(self, browser: Browser, url: str, passwords: dict[str, str]) -> None:
        self.url = url
        self._browser = browser
        self._passwords = passwords
        self._open = ExitStack()

    def visitor(self, name: str | None = None, **options: object) -> Page:
        """A browser of somebody's own, signed in unless it is nobody's."""
        options = {"viewport": WIDE, "base_url": self.url, **options}
        found = watched_page(self._browser, self.url, REFUSED, **options)
        page, _ = self._open.enter_context(found)
        page.goto("/sign-in" if name else "/")
        if name:
            page.get_by_label("Name").fill(name)
            page.get_by_label("Password").fill(self._passwords[name])
            page.get_by_role("button", name="Sign in").click()
            expect(page.locator(".me")).to_have_text(name)
        return page

    def leave(self) -> None:
        """Everybody goes; no page may have done what it must not do."""
        self._open.close()


@pytest.fixture(scope="module")
def served(
    with_control_plane: Environment,
    valkey_server: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, dict[str, str]]]:
    """Its address, and the passwords that the demo has printed."""
    documents = Example(
        "documents",
        tmp_path_factory.mktemp("documents"),
        with_control_plane,
        valkey_server.url,
        package="documents",
        SECRET_KEY="of a test, and long enough for it",
    )
    assert "policies" in documents.flask("yoto", "setup")
    printed = documents.flask("demo").splitlines()
    with documents.served() as server:
        yield server.url(), dict(line.split(": ") for line in printed)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if ASYNC_MODE != "threading":
        pytest.skip("Playwright needs a process that is not monkey-patched")
    # On a machine that is too busy a page is slow, not broken.
    expect.set_options(timeout=15_000)
    with chromium() as found:
        yield found


@pytest.fixture
def studio(browser: Browser, served: tuple[str, dict[str, str]]) -> Iterator[Studio]:
    studio = Studio(browser, *served)
    yield studio
    studio.leave()


def titles(page: Page, words: str = "") -> list[str]:
    """The titles that the list of documents shows for these words."""
    page.goto("/")
    page.get_by_label("Search by title").fill(words)
    page.get_by_role("button", name="Search").click()
    page.wait_for_url(lambda url: "q=" in url)
    return page.get_by_role("list", name="Documents").get_by_role("link").all_inner_texts()


def open_document(page: Page, title: str) -> str:
    """Open a document by its list; its address."""
    assert titles(page, title) == [title]
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    return page.url


def share(page: Page, whom: str, role: str = "reader", time: str = "good") -> None:
    """Give a role at the document or the project that the page shows."""
    for field, label in (("who", whom), ("role", role), ("days", time)):
        page.locator(f"select[name={field}]").select_option(label=label)
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("list", name="Shared with")).to_contain_text(f"{whom} {role}")


def make_private(page: Page) -> None:
    page.get_by_role("button", name="Make private again").click()
    expect(page.get_by_role("list", name="Shared with")).to_have_text("Nobody in particular.")


def may_read(page: Page, address: str) -> bool:
    answer = page.goto(address)
    assert answer is not None and answer.status in (200, 403)
    return answer.status == 200


def test_a_list_has_what_its_reader_may_read_page_by_page(studio: Studio) -> None:
    ann, cleo, nobody = studio.visitor("Ann"), studio.visitor("Cleo"), studio.visitor()
    assert len(titles(ann)) == 8
    ann.get_by_role("link", name="Next").click()
    expect(ann.get_by_role("list", name="Documents").get_by_role("listitem")).to_have_count(1)
    screenshot(ann, "documents-list")
    assert_accessible(ann)
    # By a role that everyone has at one project; and her own, in another one.
    assert titles(cleo) == ["Holidays", "Safety", "Sketch", "Welcome"]
    assert titles(cleo, "budget") == titles(studio.visitor("Eve")) == titles(nobody) == []


def test_whoever_may_not_is_told_why_and_what_would_change_that(studio: Studio) -> None:
    ann, dan, eve = studio.visitor("Ann"), studio.visitor("Dan"), studio.visitor("Eve")
    budget = open_document(ann, "Budget")
    assert not may_read(dan, budget)
    page = dan.get_by_role("main")
    expect(page.get_by_role("heading", level=1)).to_have_text("You may not read this document")
    expect(page).to_contain_text("No role that you have allows it here.")
    expect(page).to_contain_text("Somebody gives you the role “reader” here.")
    expect(page).to_contain_text("Ask Ann.")
    screenshot(dan, "documents-denied")
    assert_accessible(dan)
    assert not may_read(eve, budget)
    expect(eve.get_by_role("main")).to_contain_text("You are not in its workspace")
    for not_for_strangers in ("Ask", "derivation"):
        expect(eve.get_by_role("main")).not_to_contain_text(not_for_strangers)

    share(ann, "Dan", time="a week")
    expect(ann.get_by_role("list", name="Shared with")).to_contain_text("until")
    assert may_read(dan, budget)
    expect(dan.get_by_role("button", name="Save")).to_have_count(0)
    dan.get_by_text("Why may I read this?").click()
    expect(dan.locator("details")).to_contain_text("Dan: reader (document)")
    make_private(ann)
    assert not may_read(dan, budget)


def test_an_author_writes_and_shares_without_a_role(studio: Studio) -> None:
    cleo, eve = studio.visitor("Cleo"), studio.visitor("Eve", color_scheme="dark", viewport=NARROW)
    sketch = open_document(cleo, "Sketch")
    cleo.get_by_label("Text").fill("Two kettles.")
    cleo.get_by_role("button", name="Save").click()
    # Somebody from outside of the workspace.
    share(cleo, "Eve", "writer")
    readers = cleo.get_by_role("list", name="Who may read this").get_by_role("listitem")
    assert sorted(readers.all_inner_texts()) == ["Ann", "Cleo", "Eve"]
    screenshot(cleo, "documents-shared")
    assert_accessible(cleo)
    assert may_read(eve, sketch)
    eve.get_by_label("Text").fill("Three kettles.")
    eve.get_by_role("button", name="Save").click()
    cleo.reload()
    expect(cleo.get_by_label("Text")).to_have_value("Three kettles.")
    screenshot(eve, "documents-edit-390-dark")
    assert fits(eve)
    assert_accessible(eve)
    make_private(cleo)
    assert not may_read(eve, sketch)
    answer = studio.visitor("Ann").request.get("/control/api/audit?action=role.unassign")
    assert answer.json()["items"][0]["actor"]["username"] == "Cleo"


def test_an_editor_shares_and_cannot_delete(studio: Studio) -> None:
    ann, cleo, dan = (studio.visitor(name) for name in ("Ann", "Cleo", "Dan"))
    budget = open_document(ann, "Budget")
    share(ann, "Cleo", "editor")
    assert may_read(cleo, budget)
    expect(cleo.get_by_role("button", name="Delete")).to_have_count(0)
    share(cleo, "Dan", "editor")
    assert may_read(dan, budget)
    answer = cleo.request.post(f"{budget}/delete")
    assert answer.status == 403
    cleo.locator("select[name=who]").select_option(label="Dan")
    cleo.locator("select[name=role]").select_option(label="manager")
    cleo.get_by_role("button", name="Share", exact=True).click()
    expect(cleo.get_by_role("main")).to_contain_text("You do not decide about this role here.")
    ann.goto(budget)
    make_private(ann)
    assert not may_read(dan, budget)


def test_a_team_has_a_role_at_a_project_and_whoever_leaves_it_has_not(studio: Studio) -> None:
    ann, dan = studio.visitor("Ann"), studio.visitor("Dan")
    printer = open_document(ann, "Printer")
    assert not may_read(dan, printer)
    ann.goto("/")
    ann.get_by_role("link", name="Poster").click()
    project = ann.url
    ann.get_by_role("link", name="Teams of Studio").click()
    teams = ann.url
    ann.get_by_label("Name").fill("Artists")
    ann.get_by_role("button", name="Make").click()
    team = ann.get_by_role("group", name="Artists")
    team.locator("select").select_option(label="Dan")
    team.get_by_role("button", name="Add").click()
    expect(team.get_by_role("listitem")).to_contain_text("Dan")
    assert_accessible(ann)
    ann.get_by_label("Name").fill("Artists")
    ann.get_by_role("button", name="Make").click()
    expect(ann.get_by_role("heading", level=1)).to_have_text("That was not done")
    ann.goto(project)
    share(ann, "Team Artists", "writer")

    assert may_read(dan, printer)
    dan.get_by_label("Text").fill("Three weeks.")
    dan.get_by_role("button", name="Save").click()
    dan.get_by_text("Why may I read this?").click()
    expect(dan.locator("details")).to_contain_text("Team Artists: writer (project)")
    ann.goto(printer)
    readers = ann.get_by_role("list", name="Who may read this")
    expect(readers).to_contain_text("Team Artists")
    ann.goto(teams)
    team.get_by_role("button", name="Remove Dan").click()
    expect(team).to_contain_text("Nobody yet.")
    assert not may_read(dan, printer)
    ann.goto(project)
    ann.get_by_role("button", name="Remove Team Artists").click()


def test_a_public_link_opens_without_a_session_until_it_is_taken_back(studio: Studio) -> None:
    ann, nobody = studio.visitor("Ann"), studio.visitor()
    script = open_document(ann, "Script")
    share(ann, "Anyone with the link")
    link = ann.locator(".link a").inner_text()
    answer = nobody.goto(link)
    assert answer is not None and answer.status == 200
    expect(nobody.get_by_role("main")).to_contain_text("The kettle is the only one awake.")
    assert_accessible(nobody)
    assert titles(nobody) == ["Script"]
    # A public document is not for everybody to write, and pages of members are for members.
    nobody.goto(script)
    expect(nobody.get_by_role("button", name="Sign in")).to_be_visible()
    make_private(ann)
    answer = nobody.goto(link)
    assert answer is not None and answer.status == 404
    assert titles(nobody) == []


def test_a_document_that_moves_leaves_rights_behind_at_once(studio: Studio) -> None:
    ann, bob = studio.visitor("Ann"), studio.visitor("Bob")
    cast = open_document(bob, "Cast")
    expect(bob.get_by_role("button", name="Save")).to_be_visible()
    open_document(ann, "Cast")
    for project, reads in (("Poster", False), ("Film", True)):
        ann.get_by_label("Project").select_option(label=project)
        ann.get_by_role("button", name="Move", exact=True).click()
        expect(ann.locator(".path")).to_have_text(f"Studio › {project}")
        assert may_read(bob, cast) is reads
        assert ("Cast" in titles(bob)) is reads


def test_one_of_them_operates_the_platform_and_asks_there_about_a_document(studio: Studio) -> None:
    ann, bob = studio.visitor("Ann"), studio.visitor("Bob")
    ann.get_by_role("link", name="Control plane").click()
    expect(ann.get_by_role("heading", level=1)).to_contain_text("Overview")
    expect(bob.get_by_role("link", name="Control plane")).to_have_count(0)
    assert not may_read(bob, "/control/")

    ann.goto("/control/permissions?tab=explain")
    form = ann.locator("form.question").first
    for label, text in (("User", "Bob"), ("Permission", "document.read")):
        form.get_by_label(label, exact=True).fill(text)
    form.get_by_label("Scope", exact=True).select_option("document")
    form.get_by_label("document", exact=True).fill("Printer")
    form.get_by_role("button", name="Explain").click()
    drawn = ann.locator(".derivation")
    expect(drawn.locator(".card-head .badge")).to_have_text("Denied")
    changes = drawn.locator(".changes")
    expect(changes).to_contain_text("Assign role reader to the user at Printer")
    expect(drawn).to_contain_text("Without document.read nothing else in the document remains.")
    screenshot(ann, "documents-control-plane")
