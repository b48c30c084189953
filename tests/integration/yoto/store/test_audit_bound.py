"""The statements by which docs/capacity.md bounds the audit log."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from yoto.store.db import db
from yoto.store.models import AuditRecord

GUIDE = Path(__file__).parents[4] / "docs" / "capacity.md"


def test_the_owner_of_the_database_takes_old_records_and_the_log_is_append_only_again(
    app: Flask,
) -> None:
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            pytest.skip("the statements are those of servers")
        for year in (2025, 2027):
            at = datetime(year, 5, 4, tzinfo=UTC)
            db.session.add(AuditRecord(at=at, action="test", subject=f"year:{year}"))
        db.session.commit()
        old = sa.text("DELETE FROM yoto_audit_records WHERE at < '2026-01-01'")
        blocks = re.findall(r"```sql\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
        of_mysql, of_postgresql = blocks
        block = of_postgresql if db.engine.dialect.name == "postgresql" else of_mysql
        statements = [one for one in re.sub(r"--.*", "", block).split(";") if one.strip()]
        with db.engine.connect() as connection:
            with pytest.raises(sa.exc.DatabaseError, match="append-only"):
                connection.execute(old)
            connection.rollback()
            for one in statements:
                connection.exec_driver_sql(one)
                connection.commit()
            left = connection.scalars(sa.select(AuditRecord.subject)).all()
            assert "year:2027" in left and "year:2025" not in left
            with pytest.raises(sa.exc.DatabaseError, match="append-only"):
                connection.exec_driver_sql("DELETE FROM yoto_audit_records")
