"""Policies in files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from yoto.errors import PolicyError, StoreUnavailable, VersionConflict
from yoto.rooms.policies.folder import DEFAULT_AUTHOR, FolderWatch, read_folder, upgrade_of
from yoto.rooms.policies.store.entry import Entry, StoredSet, StoredVersion, source_hash
from yoto.rooms.policies.tables import PolicyKind, PolicyState

REGO, DATA = PolicyKind.REGO, PolicyKind.DATA


def stored(entry: Entry, author: str = DEFAULT_AUTHOR) -> StoredVersion:
    return StoredVersion(
        id=1,
        kind=entry.kind,
        name=entry.name,
        version=1,
        source=entry.source,
        tests=entry.tests,
        source_hash=source_hash(entry.source, entry.tests),
        author=author,
        comment="",
        state=PolicyState.LIVE,
        sample=None,
        at=datetime.now(UTC),
    )


def in_force(*versions: StoredVersion) -> StoredSet:
    return StoredSet(revision=1, live=versions)


MAIN, TIME = Entry(REGO, "main", "package a"), Entry(REGO, "time", "package b", "package t")
NETWORK = Entry(DATA, "network", "{}")
KNOWN = {(REGO, "main"), (REGO, "time"), (DATA, "network")}


def test_a_folder_holds_policies_their_tests_and_documents(tmp_path: Path) -> None:
    (tmp_path / "time.rego").write_text("package yoto.authz")
    (tmp_path / "time_test.rego").write_text("package yoto.authz_test")
    (tmp_path / "readme.md").write_text("left alone")
    (tmp_path / ".time.rego.swp.rego").write_text("left alone")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "network.json").write_text('{"block": [ ]}')
    assert read_folder(tmp_path) == [
        Entry(DATA, "network", '{"block": []}'),
        Entry(REGO, "time", "package yoto.authz", "package yoto.authz_test"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("Bad-Name.rego", b"package yoto.authz", "name: must be"),
        ("time.rego", b"package \xff", "cannot be read"),
        ("time_test.rego", b"package yoto.authz", "no time.rego"),
        ("data/network.json", b"{", "is no JSON"),
        ("data/network.json", b"[NaN]", "is no JSON"),
    ],
)
def test_a_file_that_is_wrong_is_named(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    with pytest.raises(PolicyError, match=says):
        read_folder(tmp_path)


def test_at_first_all_defaults_are_stored() -> None:
    empty = StoredSet(revision=0, live=())
    upgrade = upgrade_of(empty, set(), [MAIN, TIME, NETWORK])
    assert list(upgrade.stored) == [MAIN, TIME, NETWORK] and not upgrade.kept


def test_a_newer_default_replaces_one_that_nobody_touched() -> None:
    newer = TIME._replace(source="package newer")
    upgrade = upgrade_of(in_force(stored(MAIN), stored(TIME)), KNOWN, [MAIN, newer])
    assert list(upgrade.stored) == [newer] and not upgrade.removed


def test_what_somebody_edited_or_took_out_of_force_stays() -> None:
    newer = TIME._replace(source="package newer")
    edited = in_force(stored(MAIN), stored(TIME, author="user:7"))
    upgrade = upgrade_of(edited, KNOWN, [MAIN, newer, NETWORK])
    assert not upgrade
    assert list(upgrade.kept) == [(REGO, "time"), (DATA, "network")]


def test_a_default_that_is_no_more_goes_unless_it_was_edited() -> None:
    upgrade = upgrade_of(in_force(stored(MAIN), stored(TIME)), KNOWN, [MAIN])
    assert list(upgrade.removed) == [(REGO, "time")]
    assert not upgrade_of(in_force(stored(MAIN), stored(TIME, "user:7")), KNOWN, [MAIN])


class Record:
    """Stands in for what is in force."""

    def __init__(self) -> None:
        self.puts: list[list[str]] = []
        self.error: Exception | None = None
        self.live: list[StoredVersion] = []

    def read(self) -> StoredSet:
        return in_force(*self.live)

    def put(self, entries: Sequence[Entry]) -> None:
        if self.error is not None:
            raise self.error
        self.puts.append([entry.name for entry in entries])
        self.live = [stored(entry, "folder") for entry in entries]


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
def watch(tmp_path: Path, record: Record) -> FolderWatch:
    (tmp_path / "time.rego").write_text("package yoto.authz")
    return FolderWatch(tmp_path, record.read, record.put)


def test_a_saved_file_is_stored_once(watch: FolderWatch, record: Record, tmp_path: Path) -> None:
    watch.work()
    watch.work()
    assert record.puts == [["time"]]
    (tmp_path / "time.rego").write_text("package yoto.authz # longer")
    watch.work()
    assert record.puts == [["time"], ["time"]]


def test_a_file_that_is_refused_says_why_until_it_is_saved_again(
    watch: FolderWatch, record: Record, tmp_path: Path
) -> None:
    record.error = PolicyError("time", "line 1: unexpected token")
    watch.work()
    record.error = None
    watch.work()
    assert watch.error is not None and "line 1" in watch.error and record.puts == []
    (tmp_path / "time.rego").write_text("package yoto.authz # right")
    watch.work()
    assert watch.error is None and record.puts == [["time"]]


@pytest.mark.parametrize("error", [StoreUnavailable("database"), VersionConflict(2, {})])
def test_what_may_pass_is_tried_again(watch: FolderWatch, record: Record, error: Exception) -> None:
    record.error = error
    watch.work()
    record.error = None
    watch.work()
    assert record.puts == [["time"]] and watch.error is None


def test_a_folder_that_is_not_there_is_said_to_be_none(tmp_path: Path, record: Record) -> None:
    watch = FolderWatch(tmp_path / "nowhere", record.read, record.put)
    watch.work()
    assert watch.error is not None and "is no folder" in watch.error and record.puts == []
