"""The application's one SQLAlchemy object."""

from __future__ import annotations

from typing import ClassVar

from flask import Flask
from flask.globals import app_ctx
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData, Table, make_url
from sqlalchemy.orm import DeclarativeBase, registry

from yoto.settings import value_of
from yoto.store.columns import NAMING_CONVENTION, TYPES
from yoto.store.db import engine_options, init_store


class Model(DeclarativeBase):
    """Base of the application's own tables; those of the platform have theirs."""

    __table__: ClassVar[Table]

    registry = registry(
        metadata=MetaData(naming_convention=NAMING_CONVENTION), type_annotation_map=TYPES
    )


# A session lives as long as a request, which answers with what it has committed: no re-reading. It
# is its context's, as Flask-SQLAlchemy has it too.
db: SQLAlchemy = SQLAlchemy(
    model_class=Model,
    session_options={
        "expire_on_commit": False,
        "scopefunc": app_ctx._get_current_object,  # type: ignore[attr-defined]
    },
)


def init_db(app: Flask) -> None:
    """Bind ``db`` to the application's database, and let the platform work on it too."""
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    given = app.config.get("SQLALCHEMY_ENGINE_OPTIONS", {})
    made = engine_options(url, value_of(app.config, "DATABASE_POOL_SIZE"))
    options = made | given
    options["connect_args"] = made["connect_args"] | given.get("connect_args", {})
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    init_store(app, db.session, lambda: db.engine, options=options, own=True, tables=db.metadata)
