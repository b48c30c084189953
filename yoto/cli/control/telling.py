"""What the commands of ``flask control`` share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import click
from flask import current_app
from werkzeug.exceptions import HTTPException

from yoto.errors import PlatformError
from yoto.resilience import Resilience
from yoto.store.db import utcnow


@contextmanager
def telling() -> Iterator[None]:
    """Errors of the platform become errors of the command; what it began in the background ends."""
    try:
        yield
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    except HTTPException as error:
        raise click.ClickException(str(error.description)) from None
    finally:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        Resilience.of(app).close()


def ending(seconds: float | None) -> datetime | None:
    """The moment so many seconds from now; None: never."""
    return None if seconds is None else utcnow() + timedelta(seconds=seconds)


def time(moment: datetime | None) -> str:
    """A moment for people, in UTC."""
    return "-" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%SZ")
