"""Yoto in an application whose process forks, as servers do that load it before their workers."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path

from flask import Flask

from tests.support.redis_servers import Server
from tests.support.require import LONG
from yoto import Yoto
from yoto.resilience import Resilience

ROOT = Path(__file__).parents[4]
# From Python 3.12 on it warns of what this is about.
SILENT = ("-W", "ignore:This process:DeprecationWarning")

MASTER = """
import json, os, sys
from flask import Flask
from yoto import RateLimitConfig, Yoto, rate_limit
from yoto.events import Events
from yoto.resilience import Resilience

app = Flask("shop", instance_path=sys.argv[1])
Yoto(app, guards={"search": {"rate_limit": RateLimitConfig(limit=4, window=600)}})

@app.get("/search")
@rate_limit("search")
def search():
    return {}

def say(*asked):
    print(json.dumps({
        "instance": Events.of(app).instance_id,
        "statuses": [app.test_client().get("/search").status_code for _ in range(2)],
        "works": Resilience.of(app).background.redis_tasks.running,
        "following": Events.of(app).tailer.position is not None
        or Events.of(app).tailer.wait_until_ready(10),
    }), flush=True)

if sys.argv[2] == "used":
    say()
for _ in range(2):
    child = os.fork()
    if child == 0:
        say()
        sys.exit()
    assert os.waitpid(child, 0)[1] == 0
say()
"""

WITH_A_CONTROL_PLANE = """
import json, os, sys
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker
from yoto import Yoto, people, register_permission, require_permission
from yoto.events import Events

class Base(DeclarativeBase): ...

class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column()

engine = create_engine(f"sqlite:///{sys.argv[1]}/shop.db")
db = scoped_session(sessionmaker(engine))
Base.metadata.create_all(engine)
app = Flask("shop", instance_path=sys.argv[1])
app.secret_key = "only this test uses it, and nobody else"
Yoto(app, db=db, users=people(Person, name="name"), caller=lambda: 1,
     permissions=["order.refund"], control_plane=True, operators=lambda: "view")

@app.get("/refund")
@require_permission("order.refund")
def refund():
    return {}

def say():
    client = app.test_client()
    print(json.dumps({
        "instance": Events.of(app).instance_id,
        "refund": client.get("/refund").status_code,
        "ready": client.get("/control/readyz").json["status"],
        "signed_in": client.get("/control/api/session").json["user"]["username"],
        "answers": client.get("/control/api/status").json["instance"],
    }), flush=True)

made = app.test_cli_runner().invoke(args=["yoto", "setup"])
assert made.exit_code == 0, made.output
db.add(Person(id=1, name="vera"))
db.commit()
db.remove()
if sys.argv[2] == "used":
    say()
for _ in range(2):
    child = os.fork()
    if child == 0:
        say()
        sys.exit()
    assert os.waitpid(child, 0)[1] == 0
say()
"""


def told_by(
    how: str, server: Server, prefix: str, folder: Path, script: str = MASTER
) -> list[dict[str, object]]:
    """Reports of the master and its two workers."""
    environment = {"YOTO_REDIS_URL": server.url, "YOTO_REDIS_KEY_PREFIX": prefix}
    master = subprocess.run(
        [sys.executable, *SILENT, "-c", script, str(folder), how],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (master.returncode, master.stderr) == (0, "")
    return [json.loads(line) for line in master.stdout.splitlines()]


def test_each_worker_that_is_forked_off_works_by_itself(
    valkey_server: Server, tmp_path: Path
) -> None:
    prefix = f"test-fork-{secrets.token_hex(4)}:"
    first, second, master = told_by("unused", valkey_server, prefix, tmp_path)
    assert len({told["instance"] for told in (first, second, master)}) == 3
    assert all(told["works"] and told["following"] for told in (first, second, master))
    # They share the limit.
    assert first["statuses"] + second["statuses"] == [200] * 4  # type: ignore[operator]
    assert master["statuses"] == [429, 429]


def test_a_master_that_was_used_before_leaves_nothing_to_its_workers(
    valkey_server: Server, tmp_path: Path
) -> None:
    prefix = f"test-fork-{secrets.token_hex(4)}:"
    before, first, second, after = told_by("used", valkey_server, prefix, tmp_path)
    assert len({told["instance"] for told in (before, first, second, after)}) == 3
    assert before["instance"] == after["instance"]
    assert all(told["works"] and told["following"] for told in (first, second, after))
    assert before["statuses"] + first["statuses"] == [200] * 4  # type: ignore[operator]
    assert second["statuses"] == after["statuses"] == [429, 429]


@LONG
def test_each_worker_has_the_control_plane(valkey_server: Server, tmp_path: Path) -> None:
    prefix = f"test-fork-{secrets.token_hex(4)}:"
    told = told_by("used", valkey_server, prefix, tmp_path, WITH_A_CONTROL_PLANE)
    assert len({one["instance"] for one in told}) == 3
    assert all(one["instance"] == one["answers"] for one in told)
    assert all((one["ready"], one["signed_in"]) == ("ok", "vera") for one in told)
    assert all(one["refund"] == 403 for one in told)


def test_a_process_that_ends_leaves_the_list_of_instances(
    valkey_server: Server, tmp_path: Path
) -> None:
    prefix = f"test-fork-{secrets.token_hex(4)}:"
    gone = {told["instance"] for told in told_by("used", valkey_server, prefix, tmp_path)}
    app = Flask("reader", instance_path=str(tmp_path))
    app.config |= {"YOTO_REDIS_URL": valkey_server.url, "YOTO_REDIS_KEY_PREFIX": prefix}
    Yoto(app)
    try:
        Yoto.start(app)
        assert gone & {one.id for one in Resilience.of(app).instances.all()} == set()
    finally:
        Yoto.close(app)
