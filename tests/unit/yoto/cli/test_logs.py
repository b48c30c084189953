"""Logging is set up by ``flask`` commands, and by nobody else who makes an application."""

from __future__ import annotations

import logging

import click
from flask import Flask
from flask.cli import ScriptInfo

from tests.support.log_lines import logging_restored
from yoto import cli, logs


def handlers_after(context: click.Context | None) -> list[logging.Handler]:
    app = Flask("small")
    app.config.update(LOG_LEVEL="WARNING", LOG_FORMAT="json")
    with logging_restored():
        before = list(logging.getLogger().handlers)
        if context is None:
            cli.init_logs(app)
        else:
            with context:
                cli.init_logs(app)
        if context is not None and context.obj is not None:
            assert logs.get_level() == "WARNING"
        return [one for one in logging.getLogger().handlers if one not in before]


def test_a_command_of_flask_logs_as_the_configuration_says() -> None:
    command = click.Context(click.Command("seed"), obj=ScriptInfo())
    (handler,) = handlers_after(command)
    assert isinstance(handler, logs.LogHandler)


def test_an_application_that_others_make_leaves_their_logging_alone() -> None:
    assert handlers_after(None) == []
    assert handlers_after(click.Context(click.Command("theirs"))) == []
