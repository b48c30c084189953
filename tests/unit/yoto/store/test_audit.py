"""The one door to the audit log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.models import User
from yoto.audit import AuditEntry
from yoto.store.db import db
from yoto.store.models import AuditRecord, record_audit, record_entry
from yoto.store.models.role import SUBJECT_LENGTH

ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def newest() -> AuditRecord:
    db.session.flush()
    return db.session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc())).all()[0]


@pytest.mark.parametrize(
    ("by", "is_account", "after"),
    [
        (None, False, {"name": "x"}),
        (7, True, {"name": "x"}),
        ("user:7", True, {"name": "x", "author": "user:7"}),
        ("break_glass", False, {"name": "x", "author": "break_glass"}),
        ("cli:ada", False, {"name": "x", "author": "cli:ada"}),
    ],
)
def test_who_acted_is_an_account_or_stands_beside_the_values(
    by: int | str | None, is_account: bool, after: dict[str, Any]
) -> None:
    db.session.add(User(id=7, username="ada", display_name="Ada", password_hash="x"))
    db.session.flush()
    record_audit("test.set", "test:1", by=by, after={"name": "x"})
    record = newest()
    assert (record.action, record.subject) == ("test.set", "test:1")
    assert record.actor_id == (7 if is_account else None)
    assert record.after == after


def test_a_subject_is_as_long_as_its_column_and_an_entry_keeps_the_whole_of_it() -> None:
    entry = AuditEntry("test.set", "test:" + "x" * 200, "cli:ada", after={"limit": 3})
    record_entry(entry, db.session(), version=2)
    record = newest()
    assert record.subject == entry.subject[:SUBJECT_LENGTH] and record.reason is None
    assert record.after == {
        "subject": entry.subject, "values": {"limit": 3}, "version": 2, "author": "cli:ada"
    }  # fmt: skip


def test_no_other_code_makes_a_record() -> None:
    makers = [
        str(path.relative_to(ROOT))
        for package in ("app", "yoto")
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"\bAuditRecord\(\s*\w+=", path.read_text("utf-8"))
    ]
    assert makers == ["yoto/store/models/audit.py"]
