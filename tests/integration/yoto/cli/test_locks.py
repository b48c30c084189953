"""``flask locks``."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from app.extensions import optimization
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.errors import LockLost
from yoto.optimization.lock import listing

WHY = "its holder hangs"


def run(app: Flask, *arguments: str, code: int = 0) -> str:
    result = app.test_cli_runner().invoke(args=["locks", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_a_lock_is_listed_and_taken_away_from_the_holder_that_was_seen(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "LISTED_AFTER", 0.0)
    locks = optimization.of(app).locks
    assert run(app, "list") == "No lock has been held for a second.\n"
    lock = locks.create_lock("import", timeout=60, renew=False)
    assert lock.acquire()
    wait_until(locks.held_anywhere)
    assert f"import: token {lock.token}, held by " in run(app, "list")
    listed = json.loads(run(app, "list", "--json"))
    (shown,) = listed["items"]
    assert (shown["token"], shown["waiting"], listed["truncated"]) == (lock.token, 0, False)
    release = ("release", "import", "--reason", WHY, "--token")
    assert "it has another holder" in run(app, *release, str(lock.token - 1), code=1)
    assert world.acts("lock.release") == []
    assert run(app, *release, str(lock.token)) == (
        f"import was taken away from token {lock.token}.\n"
    )
    (act,) = world.acts("lock.release")
    assert (act.subject, act.reason) == ("lock:import", WHY)
    assert run(app, "show", "import") == "import: not held\n"
    assert "it is not held" in run(app, *release, str(lock.token), code=1)
    with pytest.raises(LockLost):
        lock.release()


def test_a_list_that_was_cut_says_so(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LISTED_AFTER", 0.0)
    locks = optimization.of(app).locks
    held = [locks.create_lock(name, timeout=60, renew=False) for name in ("import", "export")]
    assert all(lock.acquire() for lock in held)
    wait_until(lambda: len(locks.held_anywhere()) == 2)
    assert "1 more were reported: --limit" in run(app, "list", "--limit", "1")
    shown = json.loads(run(app, "list", "--limit", "1", "--json"))
    assert (len(shown["items"]), shown["told"], shown["truncated"]) == (1, 2, True)
    for lock in held:
        lock.release()
