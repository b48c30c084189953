"""The page of commands is what the declarations say, and each of them says something."""

from __future__ import annotations

import pytest
from flask import Flask

from app import create_app
from tests.support.commands_page import PAGE, commands, page


@pytest.fixture(scope="module")
def whole_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app("testing", instance_path=str(tmp_path_factory.mktemp("instance")))


def test_the_page_is_made_of_the_declarations(whole_app: Flask) -> None:
    again = "after a change of commands: python -m tests.support.commands_page"
    assert PAGE.read_text(encoding="utf-8") == page(whole_app), again


def test_every_command_says_what_it_does(whole_app: Flask) -> None:
    silent = [name for name, one in commands(whole_app.cli) if not one.get_short_help_str()]
    assert silent == []
