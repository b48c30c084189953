"""In the workers of a campaign: one of them dies at the step of a write that was asked for, or
loses the connection by which it is about to commit.

An extension, as ``docs/extend.md`` has them: the product knows nothing of it. The first worker to
rename the file ``armed-STEP`` in the folder ``CAMPAIGN_FOLDER`` dies; so it is one, and once.
Connections are cut for as long as ``armed-commits-cut`` is there.
"""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import Any

from flask import Flask, Response, has_request_context, request
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

FOLDER = "CAMPAIGN_FOLDER"
ARMED, FIRED = "armed-", "fired-"
BEFORE_STATEMENT, BEFORE_COMMIT = "before-statement", "before-commit"
BEFORE_PUBLISH, BEFORE_ANSWER = "before-publish", "before-answer"
STEPS = (BEFORE_STATEMENT, BEFORE_COMMIT, BEFORE_PUBLISH, BEFORE_ANSWER)
COMMITS_CUT = "commits-cut"
WRITES = ("INSERT", "UPDATE", "DELETE")


def register(app: Flask) -> None:
    """Listen to the steps of each write; without the folder, nothing."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    steps = _Steps(Path(folder))
    event.listen(Engine, "before_cursor_execute", steps.before_statement)
    event.listen(Engine, "commit", steps.before_commit)
    # Before the listener that publishes, which is there already.
    event.listen(Session, "after_commit", steps.after_commit, insert=True)
    app.after_request(steps.before_answer)


class _Steps:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def before_statement(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip()[:6].upper() in WRITES:
            self._die_if_asked(BEFORE_STATEMENT)

    def before_commit(self, connection: Any) -> None:
        self._die_if_asked(BEFORE_COMMIT)
        if self._in_a_write() and (self._folder / f"{ARMED}{COMMITS_CUT}").exists():
            (self._folder / f"{FIRED}{COMMITS_CUT}-{os.getpid()}").touch()
            _cut(connection.connection.dbapi_connection)

    def after_commit(self, session: Session) -> None:
        self._die_if_asked(BEFORE_PUBLISH)

    def before_answer(self, response: Response) -> Response:
        if response.status_code in (200, 201, 204):
            self._die_if_asked(BEFORE_ANSWER)
        return response

    @staticmethod
    def _in_a_write() -> bool:
        if not has_request_context() or request.method in ("GET", "HEAD", "OPTIONS"):
            return False
        # Signing in writes too, and what is asked here is about changes of rights and content.
        return request.path.startswith("/api/v1") and "/auth/" not in request.path

    def _die_if_asked(self, step: str) -> None:
        if not self._in_a_write():
            return
        armed = self._folder / f"{ARMED}{step}"
        try:
            armed.rename(self._folder / f"{FIRED}{step}-{os.getpid()}")
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def _cut(driver: Any) -> None:
    """End the connection of a driver below it, as a network does."""
    if hasattr(driver, "pgconn"):
        with socket.socket(fileno=os.dup(driver.pgconn.socket)) as shared:
            shared.shutdown(socket.SHUT_RDWR)
    else:
        driver._sock.shutdown(socket.SHUT_RDWR)
