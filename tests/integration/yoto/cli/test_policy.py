"""``flask policy``, as an operator at a terminal uses it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from tests.integration.yoto.rooms.policies.conftest import policy as in_force
from tests.support.small_policies import MAIN, bound, bound_tests, question
from tests.support.world import World
from yoto.cli.options import login
from yoto.rooms.policies import PolicyManager
from yoto.rooms.policies.tables import Policy, PolicyState, PolicyVersion
from yoto.store.db import db

# The application with ``main`` and ``bound`` in force.
policy = in_force

Run = Callable[..., Result]
WHO = ("--actor", "cli:ada", "--comment", "busy evening")


@pytest.fixture
def run(app: Flask, policy: PolicyManager) -> Run:
    return lambda *arguments: app.test_cli_runner().invoke(
        args=["policy", *(str(one) for one in arguments)]
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """``bound.rego``, which allows up to 20, and its tests."""
    (tmp_path / "bound_test.rego").write_text(bound_tests(20))
    path = tmp_path / "bound.rego"
    path.write_text(bound(20))
    return path


def shown(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_file_is_pushed_with_the_tests_beside_it(run: Run, file: Path) -> None:
    result = run("push", file, *WHO)
    assert result.exit_code == 0, result.output
    assert "rego bound version 2" in result.output and "2 tests passed" in result.output
    newest = shown(run("versions", "bound", "--json"))[0]
    assert (newest["author"], newest["comment"]) == ("cli:ada", "busy evening")
    assert newest["tests"] == bound_tests(20)


def test_the_audit_log_says_who_had_the_terminal_whoever_is_named(
    run: Run, file: Path, world: World
) -> None:
    assert run("push", file, *WHO).exit_code == 0
    (act,) = world.acts("policy.put")[-1:]
    assert (act.after["author"], act.after["via"]) == ("cli:ada", login())


def test_a_bad_file_says_where_it_is_wrong(run: Run, file: Path) -> None:
    file.write_text("package yoto.authz\n\ndeny contains")
    result = run("push", file)
    assert result.exit_code == 1 and "line 3" in result.output
    file.write_bytes(b"package \xff")
    assert "cannot be read" in run("push", file).output
    assert "v1" in run("list").output


def test_a_push_from_an_old_version_is_refused(run: Run, file: Path) -> None:
    result = run("push", file, "--version", 0)
    assert result.exit_code == 1 and "at version 1 by now" in result.output


def test_a_document_and_a_folder_are_pushed(run: Run, tmp_path: Path) -> None:
    network = tmp_path / "network.json"
    network.write_text('{"block": []}')
    assert "data network version 1" in run("push", network).output
    assert run("show", "network", "--kind", "data").output == '{"block": []}\n'
    network.write_text("{")
    assert "is no JSON" in run("push", network).output
    folder = tmp_path / "folder"
    folder.mkdir()
    assert "holds no policies" in run("push", folder).output
    (folder / "main.rego").write_text(MAIN)
    (folder / "bound.rego").write_text(bound(30))
    assert run("push", folder).output.count("version 2") == 2
    assert run("push", folder, "--name", "x").exit_code == 2


def test_tests_that_would_not_be_run_are_refused(run: Run, tmp_path: Path, file: Path) -> None:
    network = tmp_path / "network.json"
    network.write_text('{"block": []}')
    result = run("push", network, "--tests", file.with_name("bound_test.rego"))
    assert result.exit_code == 2 and "takes no --tests" in result.output
    for tests in (tmp_path, tmp_path / "nowhere.rego"):
        assert run("push", file, "--tests", tests).exit_code == 2
    assert "network" not in run("list").output and "v2" not in run("list").output


def test_tests_in_another_place_are_named(run: Run, tmp_path: Path, file: Path) -> None:
    other = file.with_name("bound_test.rego").rename(tmp_path / "other.rego")
    assert "2 tests passed" in run("push", file, "--tests", other).output


def test_what_is_in_force_is_shown_however_many_candidates_came_after(run: Run, app: Flask) -> None:
    with app.app_context():
        entry = db.session.scalars(select(Policy).where(Policy.name == "bound")).one()
        for version in range(2, 60):
            candidate = PolicyVersion(
                policy_id=entry.id,
                version=version,
                source="# candidate\n",
                source_hash="0" * 64,
                author="cli:ada",
                state=PolicyState.DROPPED,
            )
            db.session.add(candidate)
        db.session.commit()
    assert run("show", "bound").output == bound(10)
    assert run("show", "bound", 1).output == bound(10)
    assert run("show", "bound", 2).output == "# candidate\n"
    assert run("show", "bound", 60).exit_code == 1
    assert run("show", "bound", 0).exit_code == 1
    assert run("show", "nobody").exit_code == 1


def test_a_rollback_and_a_removal(run: Run, file: Path) -> None:
    run("push", file)
    assert shown(run("rollback", "bound", 1, "--json"))["version"] == 3
    assert run("show", "bound").output == bound(10)
    assert run("show", "bound", 2).output == bound(20)
    assert run("remove", "bound", *WHO).exit_code == 0
    assert "bound" not in run("list").output
    assert run("show", "bound").exit_code == 1
    assert run("versions", "nobody").exit_code == 1


def test_an_input_is_decided_and_the_exit_status_tells(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "input.json"
    file.write_text(json.dumps(question(10)))
    assert shown(run("eval", file))["allow"] is True
    file.write_text(json.dumps(question(11)))
    result = run("eval", file)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["reasons"] == ["above_bound"]
    file.write_text("{")
    assert "is no JSON" in run("eval", file).output


def test_the_tests_of_a_folder_run_and_nothing_is_stored(run: Run, file: Path) -> None:
    result = run("test", file.parent)
    assert result.exit_code == 0, result.output
    assert "2 passed, 0 failed" in result.output
    file.write_text(bound(5))
    result = run("test", file.parent)
    assert result.exit_code == 1 and "FAILED" in result.output
    assert "v2" not in run("list").output


def test_the_layout_of_files_is_checked(run: Run, file: Path) -> None:
    assert run("fmt-check", file.parent).exit_code == 0
    file.write_text("package yoto.authz\n\nallow if {\n  true \n}\n")
    result = run("fmt-check", file)
    assert result.exit_code == 1
    assert f"{file}:4: is indented with blanks" in result.output
    assert f"{file}:4: ends with blanks" in result.output


def test_a_candidate_is_started_reported_and_promoted(run: Run, file: Path) -> None:
    assert run("shadow", "report").exit_code == 1
    assert shown(run("shadow", "start", file, "--sample", "0.5", "--json"))["version"] == 2
    report = shown(run("shadow", "report", "--json"))
    assert (report["name"], report["sample"], report["evaluated"]) == ("bound", 0.5, 0)
    assert "0 would be denied" in run("shadow", "report").output
    assert "version 2" in run("shadow", "promote", *WHO).output
    run("shadow", "start", file)
    assert "version 3" in run("shadow", "drop").output


def test_the_status_tells_of_engine_and_policies(run: Run) -> None:
    status = shown(run("status"))
    assert status["engine"]["state"] == "ok"
    assert status["status"]["loading"]["error"] is None
    assert status["policies"]["bound"]["complexity"]["rules"] == 1
    assert status["policies"]["bound"].keys() == {"version", "complexity"}


def test_a_file_is_tried_on_recent_inputs_before_it_is_pushed(
    run: Run, file: Path, policy: PolicyManager, tmp_path: Path
) -> None:
    for number in (5, 15):
        policy.evaluate(question(number))
    asked = tmp_path / "asked.json"
    asked.write_text(json.dumps(question(99)))
    told = run("try", file, "--input", asked)
    assert told.exit_code == 0, told.output
    assert "of 2 recent inputs 0 would be denied, 1 allowed" in told.output
    assert "denied (above_bound) -> allowed" in told.output
    assert "the given input: denied (above_bound) -> denied (above_bound)" in told.output
    assert [one["number"] for one in shown(run("try", file, "--json"))["differing"]] == [1]
    document = tmp_path / "limits.json"
    document.write_text("[]")
    assert shown(run("try", document, "--json"))["inputs"] == 2
    file.write_text("package yoto.authz\n\ndeny contains")
    assert "line 3" in run("try", file).output
    assert len(policy.versions("bound")) == 1


def test_versions_are_compared_and_what_was_seen_must_still_be_there(
    run: Run, file: Path, policy: PolicyManager
) -> None:
    assert run("push", file, *WHO).exit_code == 0
    told = run("diff", "bound", 1, 2).output
    assert "- deny contains" in told and "+ deny contains" in told
    assert "no version 9" in run("diff", "bound", 1, 9).output
    assert "at version 2 by now" in run("rollback", "bound", 1, "--version", 1).output
    assert run("rollback", "bound", 1, "--version", 2).exit_code == 0
    assert run("shadow", "start", file).exit_code == 0
    assert "is version 4 by now" in run("shadow", "promote", "--version", 3).output
    assert run("shadow", "drop", "--version", 4).exit_code == 0
