"""A release is one version in tag, package and change log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import yoto
from tools import release

CHANGELOG = """# Changelog

## [Unreleased]

## [1.1.0] - 2027-01-09

### Fixed

- A fault.

## [1.0.0] - 2026-11-30

- The first.

[1.0.0]: ../../releases/tag/v1.0.0
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "yoto").mkdir()
    (tmp_path / "yoto" / "__init__.py").write_text('__version__ = "1.1.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def test_the_change_log_of_this_tree_has_its_version() -> None:
    newest = release.SECTION.search((release.ROOT / "CHANGELOG.md").read_text())
    assert newest is not None and newest[1] == yoto.__version__
    assert "### Added" in newest[3] and "[Unreleased]:" not in newest[3]


def test_the_change_log_has_only_the_kinds_of_change_that_readers_know() -> None:
    text = (release.ROOT / "CHANGELOG.md").read_text()
    kinds = set(re.findall(r"^### (.+)$", text, re.M))
    known = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert kinds - known <= {"Upgrading from an earlier build"}
    sections = re.findall(r"^## \[(.+?)\]", text, re.M)
    assert sections[0] == "Unreleased"
    assert set(sections) == set(re.findall(r"^\[(.+?)\]: \.\./\.\./", text, re.M))


def test_the_notes_are_those_of_the_newest_version_alone(tree: Path) -> None:
    assert release.notes("v1.1.0", tree) == "### Fixed\n\n- A fault.\n"


@pytest.mark.parametrize("tag", ["v1.0.0", "1.1.0", "v1.1.0rc1"])
def test_another_tag_is_refused(tree: Path, tag: str) -> None:
    with pytest.raises(release.NotReleasable, match="yoto/__init__.py has 1.1.0"):
        release.notes(tag, tree)


def test_a_version_that_the_change_log_lacks_is_refused(tree: Path) -> None:
    (tree / "yoto" / "__init__.py").write_text('__version__ = "1.2.0"\n')
    with pytest.raises(release.NotReleasable, match="CHANGELOG.md has 1.1.0"):
        release.notes("v1.2.0", tree)


def test_what_no_notes_would_tell_is_refused(tree: Path) -> None:
    log = tree / "CHANGELOG.md"
    log.write_text(CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n### Fixed\n\n- Another.\n"))
    with pytest.raises(release.NotReleasable, match="has entries in Unreleased"):
        release.notes("v1.1.0", tree)


def test_the_command_writes_the_notes_and_says_why_it_refuses(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tree / "build" / "notes.md"
    assert release.main(["v1.1.0", "--notes", str(file)], tree) == 0
    assert file.read_text().startswith("### Fixed")
    assert release.main(["v0.9.0"], tree) == 1
    assert "Not released: the tag is v0.9.0" in capsys.readouterr().err
