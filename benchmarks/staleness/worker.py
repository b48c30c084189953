"""One worker: a whole application that obeys commands in JSON lines and watches its answers.

Commands about credentials are in ``benchmarks.staleness.credentials``.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from math import inf
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from app import create_app
from app.extensions import cache, permissions
from benchmarks.staleness.credentials import accepts, end, sign_in
from yoto.store.db import db

TAKEN, GIVEN = "message.send", "message.pin"
PAUSE = 0.002  # s between two questions of a watch
# s for which a watch goes on while the user is still allowed at its end: longer than any promise,
# so that a broken one is seen.
PATIENCE = 10.0


class Watch(threading.Thread):
    """Asks without a position, over and over, whether the right is still there.

    It ends at ``until``, but not before the answer is no, for which it has ``PATIENCE``.

    Args:
        ask: gives that answer, and whether the enemy is allowed.
    """

    def __init__(self, app: Flask, ask: Callable[[], tuple[bool, bool]]) -> None:
        super().__init__(daemon=True)
        self._app = app
        self._ask = ask
        self.until = inf
        self.last_allowed = 0.0
        self.enemy = False
        self.failures = 0

    def run(self) -> None:
        allowed = True
        while time.time() < self.until + PATIENCE * allowed:
            asked_at = time.time()
            try:
                with self._app.app_context():
                    allowed, enemy = self._ask()
                if allowed:
                    self.last_allowed = asked_at
                self.enemy |= enemy
            except Exception:
                self.failures += 1
            time.sleep(PAUSE)


def may(permission: str, user_id: int, channel_id: int, at_least: str | None = None) -> bool:
    """One check."""
    return permissions.check_permission(
        user_id, permission, "channel", channel_id, at_least=at_least
    )


class Worker:
    """The commands."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.app = create_app(given["config"], instance_path=given["instance"])
        self._watch: Watch | None = None
        self._committed_at = 0.0
        self._dying = False
        event.listen(Session, "after_commit", self._after_commit, insert=True)

    def start(self) -> bool:
        """Begin to follow the log; whether it was heard."""
        permissions.start(self.app)
        return cache.of(self.app).start(10.0)

    def warm(self, user_id: int, channel_id: int) -> list[bool]:
        """The user's rights now, from memory the second time."""
        with self.app.app_context():
            for _ in range(2):
                answers = [may(name, user_id, channel_id) for name in (TAKEN, GIVEN)]
            return answers

    def watch(self, user_id: int, channel_id: int) -> bool:
        """Ask in the background from now on."""
        return self._watching(
            lambda: (may(TAKEN, user_id, channel_id), may(GIVEN, user_id, channel_id))
        )

    def watch_token(self, token: str) -> bool:
        """Watch an access token in the background from now on."""
        return self._watching(lambda: (accepts(self.app, token), False))

    def _watching(self, ask: Callable[[], tuple[bool, bool]]) -> bool:
        self._watch = Watch(self.app, ask)
        self._watch.start()
        return True

    def watched(self, until: float) -> dict[str, Any]:
        """The result of the watch until then: when the user was last allowed, and whether the enemy
        ever was."""
        watch = self._watch
        assert watch is not None
        watch.until = until
        watch.join()
        return {
            "last_allowed": watch.last_allowed,
            "enemy": watch.enemy,
            "failures": watch.failures,
        }

    def take(self, user_id: int, channel_id: int) -> float:
        """Take the right away; returns the time of the commit."""
        with self.app.app_context():
            permissions.set_overwrite(channel_id, user_id=user_id, deny=[TAKEN, GIVEN])
            committed_at = self._committed_at
            db.session.remove()
            return committed_at

    def give(self, role_id: int) -> str | None:
        """Give the role the other right; returns its position."""
        with self.app.app_context():
            position = permissions.assign_permissions_to_role(role_id, [GIVEN]).position
            db.session.remove()
            return position

    def take_and_die(self, user_id: int, channel_id: int) -> None:
        """Take the right away, and die between the commit and its publication."""
        self._dying = True
        self.take(user_id, channel_id)

    def asked(self, user_id: int, channel_id: int, at_least: str) -> list[bool]:
        """The answers that include a position."""
        with self.app.app_context():
            return [may(name, user_id, channel_id, at_least) for name in (TAKEN, GIVEN)]

    def sign_in(self, user_id: int) -> list[str]:
        """An access and a refresh token of an account."""
        return sign_in(self.app, user_id)

    def warm_token(self, token: str) -> bool:
        """Whether the token is accepted now, from memory the second time."""
        return all(accepts(self.app, token) for _ in range(2))

    def end(self, kind: str, user_id: int, tokens: list[str], super_token: str) -> list[Any]:
        """End a credential; returns the time of the commit and its position."""
        position = end(self.app, kind, user_id, tokens, super_token)
        return [self._committed_at, position]

    def end_and_die(self, *arguments: Any) -> None:
        """End a credential, and die between the commit and its publication."""
        self._dying = True
        self.end(*arguments)

    def accepted(self, token: str, at_least: str) -> bool:
        """Whether the token is accepted by a request that knows a position."""
        return accepts(self.app, token, at_least)

    def relayed(self) -> int:
        """The number of other workers' events that this worker has published."""
        caching = permissions.caching_of(self.app)
        assert caching is not None
        return caching.outbox.counts.relayed

    def _after_commit(self, session: Session) -> None:
        if "yoto.outbox" in session.info:
            self._committed_at = time.time()
            if self._dying:
                print(json.dumps(self._committed_at), flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
