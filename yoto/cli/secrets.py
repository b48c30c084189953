"""``flask secrets``: sealed values in the database, when ``SECRET_KEY`` is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import inspect, select

from yoto.cli.operations import command
from yoto.http.operation import Author, Reason
from yoto.parts.rooms import ALL, chosen
from yoto.sealing import Sealer, Unreadable, secret_keys
from yoto.store.db import db, writing
from yoto.store.models import SEALED, record_audit

secrets = AppGroup("secrets", help="Manage what is sealed with SECRET_KEY.")


@command(secrets, "reseal")
def reseal(
    reason: Reason,
    by: Author,
    previous_key: Annotated[
        str | None,
        "SECRET_KEY_FALLBACK if not given, and asked for where there is none: what stands in a"
        " command line can be seen by others.",
    ] = None,
) -> Iterator[str]:
    """Seal values of the previous SECRET_KEY with the present one."""
    key, *others = secret_keys(current_app.config)
    if previous_key is not None or not others:
        others = [previous_key or click.prompt("The SECRET_KEY before", hide_input=True)]
    before, now = Sealer(*others), Sealer(key)
    resealed, unreadable = 0, 0
    # Columns of rooms that are off are sealed, too: the rooms may be switched on again.
    for room in chosen(ALL):
        room.models()
    there = inspect(db.engine).get_table_names()
    with writing():
        for model, columns in SEALED.items():
            if model.__tablename__ not in there:
                continue
            for row in db.session.scalars(select(model).with_for_update()):
                for name, purpose in columns.items():
                    outcome = _reseal(row, name, purpose, before, now)
                    resealed += outcome is True
                    unreadable += outcome is None
        record_audit(
            "secrets.reseal",
            "secrets",
            by=by,
            before={"key_id": before.key_id},
            after={
                "key_id": now.key_id,
                "resealed": resealed,
                "unreadable": unreadable,
            },
            reason=reason,
        )
        db.session.commit()
    yield f"{resealed} values are sealed with the key '{now.key_id}' now."
    if unreadable:
        raise click.ClickException(f"{unreadable} values were sealed with neither key.")


def _reseal(row: Any, name: str, purpose: str, before: Sealer, now: Sealer) -> bool | None:
    """Whether a value was sealed anew; None: neither key opens it."""
    stored = getattr(row, name)
    if not stored:
        return False
    try:
        now.open(stored, purpose)
        return False
    except Unreadable:
        pass
    try:
        setattr(row, name, now.seal(before.open(stored, purpose), purpose))
    except Unreadable:
        return None
    return True
