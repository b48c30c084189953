"""The command group, and what its commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import AppGroup

from app.core.errors import PlatformError

cache = AppGroup("cache", help="Look at cached verdicts, throw them away, bring hot ones in.")


@contextmanager
def telling() -> Iterator[None]:
    """Errors of the platform become errors of the command."""
    try:
        yield
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
