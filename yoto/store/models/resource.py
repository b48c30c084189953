"""Resources that are in no table of the application's."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import JSON, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from yoto.nodes import TEXT_MAX_LENGTH, TYPE_MAX_LENGTH
from yoto.store.columns import MYSQL_OPTIONS, Model


class Resource(Model):
    """A node by its type and its id, which is a text, below a node of any other type.

    One of the three columns for the parent's id is filled, the one of its type of ids, so that
    statements find it by an index. ``owner_id`` is the number of the person who owns it.
    """

    __tablename__ = "yoto_resources"
    __table_args__ = (
        Index(None, "parent_number"),
        Index(None, "parent_uuid"),
        Index(None, "parent_text"),
        Index(None, "owner_id"),
        MYSQL_OPTIONS,
    )

    type: Mapped[str] = mapped_column(String(TYPE_MAX_LENGTH), primary_key=True)
    id: Mapped[str] = mapped_column(String(TEXT_MAX_LENGTH), primary_key=True)
    parent_type: Mapped[str | None] = mapped_column(String(TYPE_MAX_LENGTH))
    parent_number: Mapped[int | None]
    parent_uuid: Mapped[uuid.UUID | None] = mapped_column(Uuid())
    parent_text: Mapped[str | None] = mapped_column(String(TEXT_MAX_LENGTH))
    owner_id: Mapped[int | None]
    attributes: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
