"""Compare texts exactly on MariaDB and MySQL too: by ``utf8mb4_bin``, ``'mara '`` is ``'mara'``.

Tables are rebuilt, which takes minutes where there are millions of messages. SQLite always compared
exactly.

Revision: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

PADDING = "utf8mb4_bin"
# Compares byte by byte, spaces at the end included.
EXACT_MARIADB, EXACT_MYSQL = "utf8mb4_nopad_bin", "utf8mb4_0900_bin"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return
    known = set(connection.scalars(sa.text("SHOW COLLATION LIKE 'utf8mb4%bin'")))
    exact = next((name for name in (EXACT_MARIADB, EXACT_MYSQL) if name in known), None)
    if exact is None:
        raise RuntimeError(
            f"the database has neither {EXACT_MARIADB} (MariaDB from 10.2) nor {EXACT_MYSQL} "
            "(MySQL from 8.0.17): use a newer one"
        )
    _convert(connection, exact)


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        _convert(connection, PADDING)


def _convert(connection: sa.Connection, collation: str) -> None:
    """All tables, and those that are made later and say nothing else."""
    quoted = connection.dialect.identifier_preparer.quote
    database = connection.scalar(sa.text("SELECT DATABASE()"))
    op.execute(f"ALTER DATABASE {quoted(database)} CHARACTER SET utf8mb4 COLLATE {collation}")
    for table in sa.inspect(connection).get_table_names():
        op.execute(
            f"ALTER TABLE {quoted(table)} CONVERT TO CHARACTER SET utf8mb4 COLLATE {collation}"
        )
