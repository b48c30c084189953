"""The examples of the guide to locks run as they are written, on a real database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import BigInteger, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.extensions import db, optimization, redis_store
from tests.support.waiting import wait_until
from yoto.errors import StaleToken
from yoto.optimization import DistributedLocks, FencedStore

GUIDE = Path(__file__).parents[4] / "docs" / "lock.md"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


class Base(DeclarativeBase):
    """Apart from the application's tables, which have no such row."""


class Report(Base):
    __tablename__ = "guide_report"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(50))
    fence: Mapped[int] = mapped_column(BigInteger, default=0)


@pytest.fixture
def guide(app: Flask) -> Iterator[dict[str, Any]]:
    """The names that the examples end with."""
    tokens: list[int] = []
    names: dict[str, Any] = {"Report": Report, "write_report": tokens.append, "tokens": tokens}
    with app.app_context():
        Base.metadata.create_all(db.engine)
        try:
            for body in BLOCK.findall(GUIDE.read_text(encoding="utf-8")):
                exec(compile(body, GUIDE.name, "exec"), names)
            yield names
        finally:
            db.session.remove()
            Base.metadata.drop_all(db.engine)


def test_the_examples_run(guide: dict[str, Any]) -> None:
    assert guide["tokens"] == sorted(set(guide["tokens"])) and len(guide["tokens"]) == 3
    assert guide["left"] == 100
    assert guide["store"].read("stock") == b"99"
    assert isinstance(guide["store"], FencedStore)
    with pytest.raises(StaleToken):
        guide["fence"].admit(1)


def test_a_row_refuses_the_late_write_of_an_earlier_holder(
    app: Flask, guide: dict[str, Any]
) -> None:
    db.session.add(Report(id=1, text="", fence=0))
    db.session.commit()
    save = guide["save"]
    slow = optimization.create_lock("report", timeout=0.05, renew=False)
    slow.acquire()
    old = slow.token
    save(1, "early", old)
    # The same again changes nothing, and is no reason to refuse.
    save(1, "early", old)
    others = DistributedLocks(redis_store.of(app))
    with others.create_lock("report", wait=5) as lock:
        save(1, "newest", lock.token)
        with pytest.raises(StaleToken) as refused:
            save(1, "late", old)
    others.close()
    assert (refused.value.key, refused.value.token) == ("report 1", old)
    assert db.session.get(Report, 1).text == "newest"  # type: ignore[union-attr]


def test_the_list_of_locks_names_processes_as_the_list_of_instances_does(app: Flask) -> None:
    from app.extensions import events

    with app.app_context():
        with optimization.create_lock("long"):
            wait_until(optimization.locks.held_anywhere)
            (listed,) = optimization.locks.held_anywhere()
        assert listed.holder == events.of(app).instance_id
