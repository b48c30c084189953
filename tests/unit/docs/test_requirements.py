"""Each place that ``docs/requirements.md`` names is there."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

from config import Base
from yoto.settings import known_settings

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "requirements.md"
CODE = re.compile(r"`([^`]+)`")


def places() -> Iterator[str]:
    """The places that a row gives and what proves it, and the names in its word."""
    for line in PAGE.read_text().splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            _, _, _, here, word, proof, _ = line.split("|")
            yield from CODE.findall(here + proof)
            yield from (one for one in CODE.findall(word) if re.match(r"app\.[\w.]+:", one))


def is_there(app: Flask, place: str) -> bool:
    module, found, path = place.partition(":")
    if found and re.fullmatch(r"[\w.]+", module):
        thing = importlib.import_module(module)
        for name in path.split("."):
            thing = getattr(thing, name)
        return True
    method, _, rule = place.partition(" ")
    if rule.startswith("/"):
        return any(
            one.rule == rule and method in (one.methods or ()) for one in app.url_map.iter_rules()
        )
    if method == "flask":
        command: click.Command | None = app.cli
        for word in rule.split():
            assert isinstance(command, click.Group)
            command = command.get_command(click.Context(command), word)
        return command is not None
    if place.isupper():
        return hasattr(Base, place) or place in known_settings()
    return (ROOT / place).exists()


@pytest.mark.parametrize("place", sorted(set(places())))
def test_it_is_there(whole_app: Flask, place: str) -> None:
    assert is_there(whole_app, place)


def test_every_row_says_where_how_and_what_proves_it() -> None:
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    assert rows and all(len(row) == 7 and all(cell.strip() for cell in row[1:6]) for row in rows)
    assert all("`tests/" in row[5] for row in rows if row[1].strip() != "task")


def test_every_task_leads_to_a_row() -> None:
    """The document has the Tasks 1 to 23, but no 11, and one between 10 and 12."""
    rows = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    asked = {str(number) for number in range(1, 24) if number != 11} | {"10.5"}
    assert {number for cell in rows for number in re.findall(r"Task ([\d.]+)", cell)} == asked


@pytest.mark.parametrize("place", ["GET /nowhere", "PUT /control/", "NOT_SET", "no/such/file"])
def test_what_is_nowhere_is_noticed(whole_app: Flask, place: str) -> None:
    assert not is_there(whole_app, place)


@pytest.fixture(scope="module")
def whole_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    from app import create_app

    return create_app("testing", instance_path=str(tmp_path_factory.mktemp("instance")))
