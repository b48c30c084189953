"""What the commands of ``flask control`` share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from werkzeug.exceptions import HTTPException

from yoto.errors import PlatformError
from yoto.resilience import Resilience


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
