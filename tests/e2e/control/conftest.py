"""One started application and one browser for the tests of all pages.

Tests leave the application as they found it: what they set, they take back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import delete, insert, select

from app.models import Channel
from tests.conftest import ASYNC_MODE
from tests.support.browser import chromium
from tests.support.load import Load
from tests.support.process import ROOT, RunningYoto
from tests.support.require import missing
from yoto.api.people import number_called
from yoto.extensions import permissions
from yoto.rooms.decision_log.counts import add_counts
from yoto.rooms.decision_log.tables import DecisionRecord
from yoto.store.columns import utcnow
from yoto.store.db import db, writing
from yoto.store.models import User

SEND = "message.send"


@pytest.fixture(scope="package", autouse=True)
def unpatched() -> None:
    """Playwright needs a process that is not monkey-patched."""
    if ASYNC_MODE != "threading":
        pytest.skip("Playwright needs a process that is not monkey-patched")


@pytest.fixture(scope="package")
def yoto(unpatched: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningYoto]:
    """``run.py`` with the demo, as a user starts it."""
    app = RunningYoto(
        tmp_path_factory.mktemp("instance"),
        YOTO_ASYNC_MODE="eventlet",
        # The receivers of webhooks are tests on this machine.
        YOTO_ALERT_WEBHOOK_ALLOW_INTERNAL="true",
    )
    app.wait_for(lambda: app.accounts)
    yield app
    app.stop()


@pytest.fixture(scope="package")
def neighbour(yoto: RunningYoto) -> Iterator[Flask]:
    """Another process of the same installation: this one. Its handlers and locks are the tests'."""
    from app import close_app, create_app

    app = create_app("development", instance_path=str(yoto.instance))
    yield app
    close_app(app)


@pytest.fixture
def moderating_operator(yoto: RunningYoto, neighbour: Flask) -> Iterator[str]:
    """The owner of the server, who administers the platform for a while."""
    with neighbour.app_context():
        [role] = permissions.register_role("operator for a while").ids
        rights = ["platform.view", "platform.operate", "platform.admin", "admin.audit"]
        permissions.assign_permissions_to_role(role, rights)
        mara = number_called("mara")
        assert mara is not None
        permissions.assign_roles_to_user(mara, [role])
    yield "mara"
    with neighbour.app_context():
        permissions.delete_role(role)


class Denied(NamedTuple):
    """A record of yesterday, and the channel that it is about."""

    record: int
    channel: int


@pytest.fixture
def denied(neighbour: Flask) -> Iterator[Denied]:
    """Tomas was denied sending to #announcements yesterday; by now he may."""
    with neighbour.app_context(), writing():
        channel = db.session.scalar(select(Channel.id).where(Channel.name == "announcements"))
        tomas = db.session.scalar(select(User.id).where(User.username == "tomas"))
        assert channel is not None and tomas is not None
        row = {
            "at": utcnow() - timedelta(days=1),
            "user_id": tomas,
            "asked": SEND,
            "scope": f"channel:{channel}",
            "allowed": False,
            "reason": "overwrite_denied",
            "weight": 1,
            "tier": "l1",
            "mask_hash": "",
            "request_id": "request-of-yesterday",
        }
        record = db.session.execute(insert(DecisionRecord.__table__), [row]).lastrowid
        add_counts(db.session.connection(), [row])
        db.session.commit()
        permissions.set_overwrite(channel, user_id=tomas, allow=[SEND])
        yield Denied(record, channel)
        permissions.clear_overwrite(channel, user_id=tomas)
        db.session.execute(delete(DecisionRecord).where(DecisionRecord.id == record))
        db.session.commit()
        db.session.remove()


@pytest.fixture(scope="module")
def busy(yoto: RunningYoto) -> Iterator[RunningYoto]:
    """The application with people who use it, in the tests of a module."""
    if not (ROOT / "yoto/control_plane/static/vendor/uplot.js").is_file():
        missing("what draws charts is not installed (make charts)")
    with Load(yoto):
        yield yoto


@pytest.fixture(scope="package")
def browser(unpatched: None) -> Iterator[Browser]:
    # On a machine that is too busy a page is slow, not broken.
    expect.set_options(timeout=15_000)
    with chromium() as found:
        yield found
