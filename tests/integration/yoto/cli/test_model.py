"""``flask yoto permission test``: a model as a file, played where nothing of the application is."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

from yoto import Yoto, people_by
from yoto.cli.model import models

MODEL = """\
types:
  folder: {parent: folder, nested: 3, gate: file.read}
  file: {parent: folder, administrator: file.own}
permissions:
  file.read: file
  file.write: file
  file.own: file
  site.close: global
roles:
  reader: [file.read]
  writer: [file.read, file.write]
  owner: [file.own]
  janitor: [site.close]
facts:
  people: [ann, bob, cleo, dora]
  resources:
    folder:top: {}
    folder:inner: {parent: folder:top}
    file:plan: {parent: folder:inner, owner: cleo}
    file:note: {parent: folder:top}
  teams:
    staff: [bob]
    all: [team:staff]
  roles:
    - {who: ann, role: owner, at: folder:top}
    - {who: team:all, role: writer, at: folder:top}
    - {who: bob, role: janitor}
    - {who: dora, role: reader, at: folder:top, here_only: true}
  overwrites:
    - {who: role:writer, at: file:note, deny: [file.write]}
    - {who: team:staff, at: file:plan, deny: file.write}
tests:
  - name: all of it
    check:
      - {user: ann, at: file:plan, assertions: {file.read: true, file.write: true}}
      - {user: bob, assertions: {site.close: true}}
      - {user: dora, at: folder:top, assertions: {file.read: true}}
      - {user: dora, at: folder:inner, assertions: {file.read: false}}
      - {user: public, at: file:note, assertions: {file.read: false, file.write: false}}
    list_resources:
      - {user: bob, type: file, assertions: {file.read: [note, plan], file.write: []}}
    list_users:
      - {at: file:plan, assertions: {file.read: [cleo, ann, bob], file.write: [ann, cleo]}}
"""


@pytest.fixture(params=[False, True], ids=["permissions", "control plane"])
def guest(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application whose database and Redis nobody may ask: they are nowhere."""
    app = Flask("shop", instance_path=str(tmp_path))
    app.config["YOTO_REDIS_URL"] = "redis://127.0.0.1:1"
    engine = create_engine(f"sqlite:///{tmp_path}/there/is/no/such/folder.db")
    db = scoped_session(sessionmaker(engine))
    app.secret_key = "only what signs sessions of tests"
    Yoto(app, db=db, users=people_by(dict, ids=int), control_plane=request.param)
    yield app
    Yoto.close(app)
    engine.dispose()


def run(model: str, folder: Path, name: str = "model.yaml") -> Result:
    file = folder / name
    file.write_text(model, encoding="utf-8")
    return Flask("any").test_cli_runner().invoke(models, ["test", str(file)])


def test_a_model_that_holds_is_played_without_the_application(guest: Flask, tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text(MODEL, encoding="utf-8")
    made = guest.test_cli_runner().invoke(args=["yoto", "permission", "test", str(file)])
    assert (made.output, made.exit_code) == ("1 tests, 11 assertions: all hold\n", 0)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("site.close: true", "site.close: false", "bob site.close: allowed, not denied\nuser 2"),
        ("[note, plan]", "[plan]", "files that bob may file.read: note, plan, not plan"),
        ("file.write: []", "file.write: [plan]", "that bob may file.write: none, not plan"),
        ("[ann, cleo]", "[ann]", "people who may file.write at file:plan: ann, cleo, not ann"),
        ("owner: cleo}", "owner: bob}", "may file.write: plan, not none"),
    ],
)
def test_the_first_assertion_that_fails_is_named(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    made = run(MODEL.replace(right, wrong), tmp_path)
    assert made.exit_code == 1 and made.output.startswith("model.yaml:")
    assert "all of it: " in made.output and said in made.output


@pytest.mark.parametrize(
    ("right", "wrong", "flaw"),
    [
        ("janitor}", "janitr}", "facts.roles[2].role: no role 'janitr' stands above"),
        ("who: bob, role", "whom: bob, role", "facts.roles[2].whom: 'whom' is none of at,"),
        ("{who: bob, role", "{role", "facts.roles[2]: 'who' is missing"),
        ("user: bob, type", "user: rob, type", "tests[0].list_resources[0].user: no person"),
        ("[bob]", "[1]", "facts.teams.staff[0]: must be a text, not 1: put it in quotes"),
        ("site.close: true", "site.close: 1", "must be true or false, not 1"),
        ("site.close: true", "site.shut: true", "unknown permission 'site.shut'"),
        ("{file.read: true, file.write: true}", "{}", "'assertions' has none"),
        ("note: {parent: folder:top}", "note: {parent: folder:tip}", "facts.resources.file:note: "),
        ("note: {parent: folder:top}", "note: {parent: folder}", "such as document:budget"),
        ("team:staff]", "team:stuff]", "facts.teams.all[0]: no team 'stuff' stands above"),
        ("file:note, deny: [", "file:note, deny: [file.no, ", "unknown permission 'file.no'"),
        ("janitor: [site.close]", "janitor: [site.shut]", "roles.janitor: "),
        ("  file.own: file", "  file.own: fill", "permissions.file.own: "),
        ("nested: 3", "nested: 99", "types.folder: resource: "),
        ("  file.own: file", "  file.read: file", "permissions: 'file.read' stands here twice"),
        (
            "[ann, bob, cleo, dora]",
            "[ann, ann, dora]",
            "facts.people[1]: a person's name stands once",
        ),
        ("tests:", "texts:", "texts: 'texts' is none of facts, permissions, roles, tests, types"),
        ("  people: [ann", "  people: &a [*a", "is too deep"),
    ],
)
def test_a_flaw_of_the_file_is_named_by_its_place(
    tmp_path: Path, right: str, wrong: str, flaw: str
) -> None:
    line = MODEL[: MODEL.index(right)].count("\n") + 1
    made = run(MODEL.replace(right, wrong, 1), tmp_path)
    assert made.exit_code == 2, made.output
    assert made.output.startswith(f"Error: model.yaml:{line}: ") and flaw in made.output


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", "model.yaml: 'tests' has none"),
        ("tests: [[]", "model.yaml: while parsing"),
        ("- a", "model.yaml:1: must be a mapping"),
        ("tests: {}", "model.yaml:1: tests: must be a list"),
        ("tests: [{check: []}]", "tests[0]: 'name' is missing"),
    ],
)
def test_a_file_of_nothing_tests_nothing(tmp_path: Path, text: str, flaw: str) -> None:
    made = run(text, tmp_path)
    assert made.exit_code == 2 and flaw in made.output


def as_json(text: str) -> str:
    import yaml

    return json.dumps(yaml.safe_load(text))


def test_json_says_the_same_without_pyyaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = as_json(MODEL), as_json(MODEL.replace("[note, plan]", "[plan]"))
    monkeypatch.setattr("yoto.cli.model.parts.find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "yaml", None)
    made = run(right, tmp_path, "model.json")
    assert (made.output, made.exit_code) == ("1 tests, 11 assertions: all hold\n", 0)
    made = run(wrong, tmp_path, "model.json")
    path = "model.json: tests[0].list_resources[0].assertions.file.read"
    assert made.exit_code == 1 and made.output.startswith(path)
    made = run(MODEL, tmp_path)
    assert made.exit_code == 2 and "pip install pyyaml, or write JSON" in made.output
    for text, flaw in (("{", "Expecting"), ('{"a": 1, "a": 2}', "a name stands twice")):
        made = run(text, tmp_path, "model.json")
        assert made.exit_code == 2 and flaw in made.output


def test_a_file_that_is_not_there_is_a_flaw(tmp_path: Path) -> None:
    missing: Any = tmp_path / "none.yaml"
    made = Flask("any").test_cli_runner().invoke(models, ["test", str(missing)])
    assert made.exit_code == 2 and "No such file" in made.output
