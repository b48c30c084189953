"""Numbers for people whom the application knows by other ids."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey


class SubjectKey(Model):
    """The number of a person whose id is no number; it never changes and is never reused.

    ``key`` is the application's id, in the type that it has there: see
    ``yoto.store.people.keyed``. Where ids are numbers, the table stays empty.
    """

    __tablename__ = "yoto_subjects"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    key: Mapped[int] = mapped_column(unique=True)
