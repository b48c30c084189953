"""Acts at the terminal, which are audited before they take effect, like those of the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app, g
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from yoto.auth.operators import Operator, Via, become
from yoto.cli.options import login
from yoto.errors import PlatformError, VersionConflict
from yoto.resilience import Resilience
from yoto.store.db import db


@contextmanager
def acting() -> Iterator[None]:
    """A block in which services act for the person at the terminal, and failures are errors of the
    command.

    Background work that the command began ends with the block.
    """
    become(Operator(Via.TERMINAL, None, login=login()))
    try:
        yield
    except VersionConflict as error:
        # The source of a policy does not fit into an error's line; `flask policy show` prints it.
        now = error.current if isinstance(error.current, dict) else {}
        shown = {name: value for name, value in now.items() if name != "source"}
        values = f" with {json.dumps(shown)}" if shown else ""
        raise click.ClickException(
            f"somebody else changed it: it is at version {error.current_version} by now{values}"
        ) from None
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    except HTTPException as error:
        raise click.ClickException(str(error.description)) from None
    except DBAPIError as error:
        db.session.rollback()
        raise click.ClickException(f"the database did not take it: {error.orig}") from None
    finally:
        # Needed in tests, where the context outlives the command.
        Resilience.of(current_app._get_current_object()).close()  # type: ignore[attr-defined]
        g.pop("operator", None)
        g.pop("credential", None)
