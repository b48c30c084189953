"""How a process keeps up with the record, and what it does when it cannot."""

from __future__ import annotations

import re
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.extensions import policy as manager
from tests.integration.yoto.rooms.policies.conftest import another_process
from tests.support.small_policies import MAIN, bound, question
from tests.support.waiting import wait_until
from yoto.errors import PolicyError, StoreUnavailable
from yoto.rooms.policies import PolicyManager, overrun_folder
from yoto.rooms.policies.engine.embedded import engine
from yoto.rooms.policies.engine.embedded.library import library
from yoto.rooms.policies.store.entry import StoredSet
from yoto.rooms.policies.tables import PolicyRevision
from yoto.store.db import db


def allows(app: Flask, number: int) -> bool:
    with app.app_context():
        return manager.evaluate(question(number)).allow


def test_another_process_hears_of_a_change(
    policy: PolicyManager, app_config: dict[str, Any], tmp_path: Path
) -> None:
    # So rarely does it look by itself that only being told can be the reason.
    with another_process(app_config, tmp_path, POLICY_POLL_SECONDS=3600.0) as other:
        assert not allows(other, 15)
        policy.put("bound", bound(20), "ada")
        wait_until(lambda: allows(other, 15), what="the other process to follow")


def test_decisions_go_on_where_nobody_can_look_for_overruns(
    policy: PolicyManager, app_config: dict[str, Any], tmp_path: Path
) -> None:
    with another_process(app_config, tmp_path) as other:
        folder = overrun_folder(other.instance_path)
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_text("")
        assert allows(other, 5)


def test_without_redis_a_change_is_found_by_looking(
    policy: PolicyManager, app_config: dict[str, Any], tmp_path: Path
) -> None:
    nowhere = {"REDIS_URL": "redis://127.0.0.1:1/0", "POLICY_POLL_SECONDS": 0.1}
    with another_process(app_config, tmp_path, **nowhere) as other:
        assert not allows(other, 15)
        policy.put("bound", bound(20), "ada")
        wait_until(lambda: allows(other, 15), what="the other process to follow")


def test_a_database_that_is_away_leaves_what_is_in_service(
    app: Flask, policy: PolicyManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert policy.evaluate(question(5)).allow

    def refuse() -> int:
        raise StoreUnavailable("database")

    def tried_in_vain() -> bool:
        manager.of(app).loader.refresh()
        return policy.status().loading.error == "database is unavailable"

    with monkeypatch.context() as away:
        away.setattr(manager.of(app).reader, "revision", refuse)
        wait_until(tried_in_vain)  # a look in the background that began before may end well
        assert policy.evaluate(question(5)).allow
    manager.of(app).loader.refresh()
    assert policy.status().loading.error is None


def test_reloading_compiles_anew(app: Flask, policy: PolicyManager) -> None:
    before = manager.of(app).loader.serving.loaded
    status = policy.reload()
    after = manager.of(app).loader.serving.loaded
    assert before is not None and after is not None
    assert after.compiled is not before.compiled and status.version == before.version


def test_a_process_that_was_closed_begins_anew(app: Flask, policy: PolicyManager) -> None:
    assert policy.evaluate(question(5)).allow
    policy.of(app).close()
    assert policy.status().version is None
    assert policy.evaluate(question(5)).allow


def test_a_folder_is_followed(
    policy: PolicyManager, app_config: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "bound.rego").write_text(bound(20))
    with another_process(app_config, tmp_path, POLICY_DIR=str(folder)) as other:
        with other.app_context():
            manager.of(other).ready()
            wait_until(lambda: manager.evaluate(question(15)).allow, what="the folder to be read")
            (folder / "bound.rego").write_text("package yoto.authz\n\ndeny contains")
            wait_until(lambda: manager.status().folder_error, what="the refusal")
            assert manager.evaluate(question(15)).allow
            (folder / "bound.rego").write_text(bound(12) + "\n")
            wait_until(lambda: not manager.evaluate(question(15)).allow, what="the repair")
            assert manager.versions("bound")[0].author == "folder"


def test_defaults_are_stored_once_and_what_is_edited_stays(
    app: Flask, policy: PolicyManager, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """``main`` and ``bound`` are in force, by somebody's own hand."""
    (tmp_path / "main.rego").write_text(MAIN)
    (tmp_path / "extra.rego").write_text(bound(7).replace("above_bound", "above_extra"))
    monkeypatch.setattr("yoto.rooms.policies.manager.default_folder", lambda: tmp_path)
    assert [one.name for one in policy.sync_defaults().stored] == ["extra"]
    assert policy.evaluate(question(8)).reasons == ("above_extra",)
    again = policy.sync_defaults()
    assert not again and [name for _, name in again.kept] == ["main"]
    (tmp_path / "extra.rego").write_text(bound(9).replace("above_bound", "above_extra"))
    policy.sync_defaults()
    assert policy.evaluate(question(8)).allow
    assert [one.author for one in policy.versions("extra")] == ["default", "default"]


@pytest.fixture
def on_another_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that are made from now on have an engine that is called otherwise."""
    renamed = copy(library("regorus"))
    monkeypatch.setattr(renamed, "name", "regopy", raising=False)
    monkeypatch.setattr(engine, "installed", lambda: renamed)


def test_a_worker_of_another_engine_does_not_join(
    policy: PolicyManager,
    app_config: dict[str, Any],
    tmp_path: Path,
    on_another_engine: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    says = r"admitted by regorus \(level 1\), and this worker runs regopy .* YOTO_POLICY_PORTABLE=1"
    with another_process(app_config, tmp_path) as other:
        assert not allows(other, 5)
        assert not allows(other, 5)
        lines = [one for one in caplog.messages if "are not loaded" in one]
        assert len(lines) == 1 and re.search(says, lines[0])
        assert "regopy" in other.test_client().get("/readyz?verbose").text
        with other.app_context(), pytest.raises(PolicyError, match=says):
            manager.put("bound", bound(20), "ada")
        with other.app_context(), pytest.raises(PolicyError, match=says):
            manager.sync_defaults()
    assert policy.evaluate(question(5)).allow


def test_a_fleet_of_several_engines_admits_what_all_read_alike(
    policy: PolicyManager,
    app_config: dict[str, Any],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    with another_process(app_config, tmp_path, POLICY_PORTABLE=True) as other:
        assert allows(other, 5)
        with other.app_context():
            manager.put("bound", bound(20), "ada")
    # The record names no engine now.
    request.getfixturevalue("on_another_engine")
    with another_process(app_config, tmp_path / "third") as third:
        assert allows(third, 15)


def test_setup_names_the_engine_of_a_record_that_names_none(
    app: Flask, policy: PolicyManager
) -> None:
    db.session.execute(update(PolicyRevision).values(engine=None))
    db.session.commit()
    policy.current.publisher.record_engine("setup")
    newest = select(PolicyRevision.engine).order_by(PolicyRevision.revision.desc()).limit(1)
    assert db.session.scalar(newest) == "regorus 1"
    before = policy.current.reader.revision()
    policy.current.publisher.record_engine("setup")
    assert policy.current.reader.revision() == before


def test_of_two_setups_at_once_the_second_looks_again(
    app: Flask, policy: PolicyManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.session.execute(update(PolicyRevision).values(engine=None))
    db.session.commit()
    current = policy.current
    write = current.publisher._writer.write_engine

    def overtaken(stored: StoredSet, engine: str | None, author: str) -> None:
        monkeypatch.undo()
        write(stored, "opa 1", "the other setup")
        write(stored, engine, author)

    monkeypatch.setattr(current.publisher._writer, "write_engine", overtaken)
    with pytest.raises(PolicyError, match="admitted by opa"):
        current.publisher.record_engine("setup")
