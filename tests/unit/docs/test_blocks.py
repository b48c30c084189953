"""A census: each block of code of the guides is run by a test, or says why it is only shown.

``RUN`` names the test for the blocks of a language of a page. One block alone says it itself, in a
comment before it: ``run by TEST``, or ``only shown: REASON``.
"""

from __future__ import annotations

import re

import pytest

from tests.support.markdown import ROOT, Block, blocks, pages

DOCS = "tests/unit/docs/test_{}_guide.py"
PERMISSION = "tests/integration/yoto/permission/test_permission_guides.py"
# Every `flask ...` of every page is parsed there by the command that it names.
COMMANDS = "tests/integration/test_documented.py"
ABAC = "tests/integration/yoto/rooms/policies/test_abac_guide.py"
OVER_HTTP = "tests/e2e/test_guides_over_http.py"
RUN: dict[str, dict[str, str]] = {
    "docs/abac.md": {"json": ABAC, "rego": ABAC},
    "docs/access-requests.md": {"python": PERMISSION, "console": COMMANDS},
    "docs/access-review.md": {"python": PERMISSION},
    "docs/alerts.md": dict.fromkeys(
        ("python", "console", "json"), "tests/integration/yoto/rooms/alerts/test_alerts_guide.py"
    ),
    "docs/authzen.md": dict.fromkeys(("console", "rego"), "tests/e2e/test_authzen.py"),
    "docs/calls.md": {"python": DOCS.format("calls")},
    "docs/community.md": {"bash": OVER_HTTP},
    "docs/configuration-store.md": dict.fromkeys(
        ("python", "console"), "tests/unit/docs/test_guides.py"
    ),
    "docs/consistency.md": {"python": DOCS.format("cache")},
    "docs/control-plane.md": {"bash": OVER_HTTP},
    "docs/deadlines.md": {"python": DOCS.format("deadlines")},
    "docs/decision-records.md": {"console": COMMANDS},
    "docs/embed.md": {"python": DOCS.format("embed"), "diff": "tests/e2e/examples/test_guards.py"},
    "docs/embed-control-plane.md": {"python": DOCS.format("embed")},
    "docs/embed-permissions.md": {"python": DOCS.format("embed")},
    "docs/events.md": {"python": "tests/unit/docs/test_guides.py"},
    "docs/explain.md": {"python": PERMISSION, "text": PERMISSION},
    "docs/extend.md": dict.fromkeys(("python", "lua", "rego"), DOCS.format("extend")),
    "docs/guards.md": {"console": COMMANDS},
    "docs/invalidation.md": {"python": DOCS.format("invalidation"), "console": COMMANDS},
    "docs/lock.md": {"python": "tests/integration/yoto/optimization/test_lock_guide.py"},
    "docs/logs.md": dict.fromkeys(("python", "json", "bash"), DOCS.format("logs")),
    "docs/migrate.md": {"python": DOCS.format("migrate")},
    "docs/monitoring.md": {"python": DOCS.format("monitoring"), "bash": OVER_HTTP},
    "docs/policies.md": {
        "python": "tests/integration/yoto/rooms/policies/test_policies_guide.py",
        "console": "tests/integration/yoto/cli/test_policy_in_guides.py",
        "rego": ABAC,
    },
    "docs/policy-engines.md": {"rego": ABAC},
    "docs/prefetch.md": {"python": "tests/integration/yoto/rooms/prefetch/test_application.py"},
    "docs/production.md": {"sql": "tests/integration/deploy/test_restore.py"},
    "docs/queue.md": {"python": DOCS.format("queue"), "console": COMMANDS},
    "docs/resilience.md": {"python": DOCS.format("resilience")},
    "docs/resources.md": {"python": DOCS.format("resources")},
    "docs/roles.md": dict.fromkeys(("python", "bash", "console"), "tests/e2e/test_roles_guide.py"),
    "docs/search.md": {"python": PERMISSION},
    "docs/templates.md": {"python": PERMISSION},
    "docs/testing.md": dict.fromkeys(("python", "yaml"), DOCS.format("testing")),
    "docs/tuning.md": {"python": DOCS.format("tuning")},
    "docs/warm-up.md": {"python": "tests/integration/yoto/rooms/warm_up/warming/test_guide.py"},
    "docs/what-if.md": {"python": PERMISSION},
    "examples/flask_login/README.md": dict.fromkeys(
        ("python", "diff"), "tests/e2e/examples/test_flask_login.py"
    ),
    "examples/flask_security/README.md": dict.fromkeys(
        ("python", "diff"), "tests/e2e/examples/test_flask_security.py"
    ),
    "examples/existing_admin/README.md": {"diff": "tests/e2e/examples/test_existing_admin.py"},
}
# The code of a page in Chinese is that of the English one: test_readme.py.
SAME = {"docs/README.zh-CN.md": "docs/README.md", "README.zh-CN.md": "README.md"}
# The output of benchmarks is written by benchmarks.
NOT_CODE = {"text", "http"}
REASON = re.compile(r"only shown: \w.{9,}")
MOST_ONLY_SHOWN = 20

EVERY = [block for page in pages() for block in blocks(page)]
SHOWN = [block for block in EVERY if REASON.fullmatch(block.comment)]


def runner(block: Block) -> str | None:
    """The test that runs a block, by its comment or by the table."""
    if own := re.match(r"run by (\S+)", block.comment):
        return own[1]
    if REASON.fullmatch(block.comment):
        return None
    if block.language == "console" and block.page.startswith("docs/runbooks/"):
        return COMMANDS
    return RUN.get(block.page, {}).get(block.language)


@pytest.mark.parametrize("page", sorted({block.page for block in EVERY} - set(SAME)))
def test_each_block_is_run_or_says_why_not(page: str) -> None:
    found = [block for block in EVERY if block.page == page and block.language not in NOT_CODE]
    unknown = [
        f"{page}:{block.line} ({block.language})"
        for block in found
        if runner(block) is None and block not in SHOWN
    ]
    assert unknown == [], "run it in a test, and name that in RUN or in a comment before the block"


def test_the_table_names_tests_that_read_the_page() -> None:
    for page, languages in RUN.items():
        there = {block.language for block in EVERY if block.page == page}
        assert set(languages) <= there, page
        for test in languages.values():
            text = (ROOT / test).read_text(encoding="utf-8")
            name = page.removesuffix("/README.md").rpartition("/")[2]
            assert test == COMMANDS or name in text, (page, test)


def test_comments_name_tests_that_read_comments() -> None:
    named = {test for block in EVERY if (test := runner(block)) and "run by" in block.comment}
    assert named
    for test in named:
        assert "run by" in (ROOT / test).read_text(encoding="utf-8"), test


def test_the_pages_of_the_table_of_commands_hold_nothing_else() -> None:
    """Lines of a terminal that are no `flask` would be run by nothing."""
    for block in EVERY:
        if block.language == "console" and runner(block) == COMMANDS:
            asked = [line for line in block.text.splitlines() if line.startswith("$ ")]
            assert asked and all(line.startswith("$ flask ") for line in asked), block


def test_few_blocks_are_only_shown() -> None:
    assert 0 < len(SHOWN) <= MOST_ONLY_SHOWN
