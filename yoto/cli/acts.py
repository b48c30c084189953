"""Acts at the terminal are in the audit log before they take effect, like those of the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import g
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from yoto.cli.login import login
from yoto.errors import PlatformError
from yoto.http.operators import Operator, Via, become
from yoto.store.db import db


@contextmanager
def acting() -> Iterator[None]:
    """Services act for whoever has the terminal; what fails is an error of the command."""
    become(Operator(Via.TERMINAL, None, login=login()))
    try:
        yield
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    except HTTPException as error:
        raise click.ClickException(str(error.description)) from None
    except DBAPIError as error:
        db.session.rollback()
        raise click.ClickException(f"the database did not take it: {error.orig}") from None
    finally:
        # In tests the context outlives the command.
        g.pop("operator", None)
        g.pop("credential", None)
