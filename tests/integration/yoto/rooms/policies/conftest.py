"""An application with two small policies in force."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from app.extensions import policy as manager
from tests.support.applications import another_app
from tests.support.small_policies import MAIN, bound, bound_tests
from yoto.rooms.policies import PolicyManager
from yoto.rooms.policies.tables import Policy, PolicyRevision, PolicyShadowCount, PolicyVersion
from yoto.store.db import db


@pytest.fixture
def policy(app: Flask) -> Iterator[PolicyManager]:
    """The manager of ``app`` in its context: ``main``, and ``bound``, which allows up to 10."""
    with app.app_context():
        empty_record()
        manager.put("main", MAIN, "ada")
        manager.put("bound", bound(10), "ada", "at first", bound_tests(10))
        yield manager
        db.session.remove()


def empty_record() -> None:
    """Take everything out of the record of policies."""
    for model in (PolicyShadowCount, PolicyRevision, PolicyVersion, Policy):
        db.session.execute(delete(model))
    db.session.commit()


@contextmanager
def another_process(config: dict[str, Any], path: Path, **changes: Any) -> Iterator[Flask]:
    """An application with the same database and Redis, as another worker has one."""
    with another_app(config | changes, path / "other") as other:
        yield other
