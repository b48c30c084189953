"""Acts at the terminal are in the audit log before they take effect, like those of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from app.cli.login import login
from app.db import db, writing
from app.http.audit import audit

SUBJECT_LENGTH = 64  # characters, as wide as the column


def record(
    action: str,
    subject: str,
    reason: str,
    before: Any = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Record what is about to be done, by whom, and commit.

    Args:
        action: what is done, such as ``lock.release``.
        subject: what it is done to, such as ``lock:preload``.

    Raises:
        click.ClickException: there is no record, so the act must not be done.
    """
    facts = {**(after or {}), "via": login()}
    try:
        with writing():
            audit(
                action,
                subject[:SUBJECT_LENGTH],
                actor_id=None,
                before=before,
                after=facts,
                reason=reason,
            )
            db.session.commit()
    except DBAPIError as error:
        raise click.ClickException(f"the audit log did not take it: {error.orig}") from None
