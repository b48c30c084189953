"""Tables whose texts are compared exactly."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from yoto.store.columns import EXACT as EXACT_TEXT
from yoto.store.columns import MYSQL_OPTIONS

# Compares byte by byte, spaces at the end included; its names on MariaDB and on MySQL.
EXACT = ("utf8mb4_nopad_bin", "utf8mb4_0900_bin")


def exact_texts() -> dict[str, Any]:
    """The options of a table whose texts are compared exactly, whatever the database's own."""
    from alembic import op  # not needed by workers

    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return {}
    if connection.dialect.name == "postgresql":
        return MYSQL_OPTIONS  # they mark the table, see ``columns.py``
    known = set(connection.scalars(sa.text("SHOW COLLATION LIKE 'utf8mb4%bin'")))
    found = next((name for name in EXACT if name in known), None)
    if found is None:
        raise RuntimeError(
            f"the database has neither {EXACT[0]} (MariaDB from 10.2) nor {EXACT[1]} "
            "(MySQL from 8.0.17): use a newer one"
        )
    return {"mysql_charset": "utf8mb4", "mysql_collate": found}


def exact_text(length: int) -> sa.types.TypeEngine[str]:
    """The type of a column that is added or changed in such a table."""
    return sa.String(length).with_variant(sa.String(length, collation=EXACT_TEXT), "postgresql")
