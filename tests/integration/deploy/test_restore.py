"""Back-up and restore as docs/production.md has it: nothing is allowed that the restored database
denies, whatever Redis is beside it.

One database and one Redis are enough: a node's memory ends with it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis
from flask import Flask
from sqlalchemy import delete

from app.auth import identity_of, issue_tokens
from app.extensions import cache, permissions, redis_store
from app.models import User
from tests.support.applications import another_app
from tests.support.database import SERVER, migrate
from tests.support.mariadb import MariaDB
from tests.support.postgresql import PostgreSQL
from tests.support.postgresql import program as program_of_postgresql
from tests.support.redis_servers import Server, start_valkey
from tests.support.require import missing
from tests.support.waiting import HOST, wait_until
from tests.support.world import Community, Person, World
from yoto.store.db import db, writing
from yoto.store.models import RoleAssignment

MAX_STALENESS = 2.0  # s: longer than this process may get no processor
PERMISSION = "message.pin"
ON_POSTGRESQL = SERVER == "postgresql"
DUMP = "pg_dump" if ON_POSTGRESQL else "mariadb-dump"
GUIDE = Path(__file__).parents[3] / "docs" / "production.md"


def program(name: str) -> str:
    found = program_of_postgresql(name) if ON_POSTGRESQL else shutil.which(name)
    return found or missing(f"{name} is not installed")


class Stores(NamedTuple):
    """A database server and a Redis of the test's own."""

    server: MariaDB | PostgreSQL
    redis: Server
    folder: Path

    @property
    def where(self) -> list[str]:
        """Where programs of the database find the server."""
        account = "--username=postgres" if ON_POSTGRESQL else "--user=root"
        return [f"--host={HOST}", f"--port={self.server.port}", account]

    def back_up(self, name: str) -> bytes:
        """All of a database as of one moment."""
        options = ["--single-transaction", "--routines", "--triggers"]
        if ON_POSTGRESQL:
            options = ["--format=custom"]
        command = [program(DUMP), *self.where, *options, name]
        done = subprocess.run(command, check=True, capture_output=True)
        return done.stdout

    def restore(self, dump: bytes, name: str, *after: str) -> str:
        """The address of a new database with that in it, after the statements ``after``."""
        url = self.server.create_database(name)
        statements = "\n".join(after).encode()
        if ON_POSTGRESQL:
            command = [program("pg_restore"), *self.where, "--no-owner", f"--dbname={name}"]
            subprocess.run(command, input=dump, check=True)
            command = [program("psql"), *self.where, "--set=ON_ERROR_STOP=1", name]
            subprocess.run(command, input=statements, check=True, stdout=subprocess.DEVNULL)
        else:
            command = [program("mariadb"), *self.where, name]
            subprocess.run(command, input=dump + statements, check=True)
        return url

    def keep_redis(self) -> Path:
        """Save the data of Redis as a file."""
        with self.redis.client() as client:
            client.save()
        return Path(shutil.copy(self.redis.folder / "dump.rdb", self.folder / "older.rdb"))

    def bring_back_redis(self, kept: Path) -> None:
        """Start Redis with what it had then."""
        self.redis.kill()
        shutil.copy(kept, self.redis.folder / "dump.rdb")
        self.redis.start()

    def let_silence_pass(self) -> None:
        """Until Redis has not heard a worker for as long as the guide says."""
        with self.redis.client() as client:
            over = seconds(client) + MAX_STALENESS
            wait_until(lambda: seconds(client) > over, what="Redis's clock")


@pytest.fixture
def stores(own_server: MariaDB | PostgreSQL, tmp_path: Path) -> Iterator[Stores]:
    with start_valkey() as redis:
        yield Stores(own_server, redis, tmp_path)


@pytest.fixture
def name(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A name for databases that no other test has."""
    return f"restore_{abs(hash((request.node.nodeid, str(tmp_path)))) % 10**10}"


def seconds(client: redis.Redis) -> float:
    """Redis's clock."""
    whole, millionths = client.time()
    return float(whole + millionths / 1e6)


def config_of(stores: Stores, url: str) -> dict[str, Any]:
    return {
        "ENVIRONMENT": "testing",
        "DATABASE_URL": url,
        "REDIS_URL": stores.redis.url,
        "REDIS_SOCKET_TIMEOUT": 2.0,
        "REDIS_CONNECT_TIMEOUT": 2.0,
        "MAX_STALENESS": MAX_STALENESS,
    }


def allowed(app: Flask, person: Person, community: Community) -> bool:
    with app.app_context(), writing():
        found = permissions.check_permission(person.id, PERMISSION, "server", community.id)
        db.session.remove()
    return found


def stored(app: Flask, person: Person) -> bool:
    """Whether Redis has something about them."""
    with app.app_context():
        connection = redis_store.current
        return bool(connection.client.exists(connection.keys.user_permissions(person.id)))


def hear(app: Flask) -> None:
    """Wait until the log is heard, so that memory and Redis may answer."""
    tailer = cache.of(app).tailer
    wait_until(lambda: tailer.fresh, what="the log to be heard")


def follow(app: Flask) -> None:
    """Follow the log from now on."""
    cache.of(app).tailer.start()
    hear(app)


@pytest.mark.parametrize("beside", ["kept", "older", "empty"])
def test_nothing_is_allowed_that_the_restored_database_denies(
    stores: Stores, name: str, beside: str
) -> None:
    url = stores.server.create_database(name)
    migrate(url, stores.folder / "migrate")
    with another_app(config_of(stores, url), stores.folder / "before") as app:
        world = World(app)
        community = world.server()
        role = world.role(community, PERMISSION)
        revoked, granted, always = (world.member(community) for _ in range(3))
        world.assign(always, role)
        world.assign(revoked, role)
        follow(app)
        assert allowed(app, revoked, community) and stored(app, revoked)
        older = stores.keep_redis()
        with app.app_context(), writing():
            db.session.execute(delete(RoleAssignment).where(RoleAssignment.user_id == revoked.id))
            db.session.commit()
        dump = stores.back_up(name)
        world.assign(granted, role)
        # While the back-up ran, the tailer may not have been heard, and then nothing is stored.
        wait_until(lambda: allowed(app, granted, community) and stored(app, granted))
    restored = stores.restore(dump, f"{name}_2")
    if beside == "older":
        stores.bring_back_redis(older)
    elif beside == "empty":
        with stores.redis.client() as client:
            client.flushall()
    stores.let_silence_pass()
    with another_app(config_of(stores, restored), stores.folder / "after") as app:
        # Entries that would be believed, were they not known to be from before.
        assert stored(app, granted if beside == "kept" else revoked) is (beside != "empty")
        follow(app)
        assert not allowed(app, granted, community)
        assert not allowed(app, revoked, community)
        assert allowed(app, always, community)


def test_sign_ins_that_ended_after_the_back_up_and_numbers_given_since_open_nothing(
    stores: Stores, name: str
) -> None:
    url = stores.server.create_database(name)
    migrate(url, stores.folder / "migrate")
    with another_app(config_of(stores, url), stores.folder / "before") as app:
        world = World(app)
        ended, lasting = world.user(), world.user()
        dump = stores.back_up(name)
        with app.app_context(), writing():
            db.session.get_one(User, ended.id).token_epoch += 1
            db.session.commit()
            assert identity_of(ended.token) is None
            renewed = issue_tokens(db.session.get_one(User, ended.id)).access_token
        lost = world.user()
        with app.app_context():
            assert identity_of(lost.token) is not None
    stores.let_silence_pass()
    plain = stores.restore(dump, f"{name}_2")
    with another_app(config_of(stores, plain), stores.folder / "plain") as app:
        newcomer = World(app).user("newcomer")
        with app.app_context():
            # Why the guide has more to say than to restore.
            assert newcomer.id == lost.id
            assert identity_of(ended.token) is not None
            assert identity_of(lost.token) is not None
    stores.let_silence_pass()
    restored = stores.restore(dump, f"{name}_3", *statements_of_the_guide())
    with another_app(config_of(stores, restored), stores.folder / "after") as app:
        newcomer = World(app).user("newcomer")
        assert newcomer.id > lost.id + 1000
        with app.app_context():
            for token in (ended.token, renewed, lasting.token, lost.token):
                assert identity_of(token) is None
            assert identity_of(newcomer.token) is not None


def statements_of_the_guide() -> list[str]:
    """The statements that the guide runs in the restored database."""
    section = GUIDE.read_text(encoding="utf-8").partition("## Back-up and restore")[2]
    section = section.partition("\n## ")[0]
    of_mysql, of_postgresql = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)
    return str(of_postgresql if ON_POSTGRESQL else of_mysql).splitlines()
