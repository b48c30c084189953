"""MariaDB answers, and loses connections, locks tables, meets deadlocks, or takes no writes."""

from __future__ import annotations

import random
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pymysql
from pymysql.connections import Connection

from proof.campaign.faults.base import Branch, InAThread
from proof.campaign.faults.seen import DATABASE_AWAY, REST, answered, both, logged, noted
from tests.support.waiting import HOST

if TYPE_CHECKING:
    from proof.cluster import Cluster

KILL_EVERY = 0.2  # s
HEAVY = 500  # rows of our own: InnoDB sacrifices the transaction that has changed less
LOCK_WITHIN = 3  # s
SCRATCH = "campaign_scratch"
AUDIT, OUTBOX = "yoto_audit_records", "yoto_permission_outbox"


def connected(cluster: Cluster) -> Connection[Any]:
    """A connection of the administrator to the application's database, past all links."""
    return pymysql.connect(
        host=HOST, port=cluster.database.port, user="root", database="yoto", read_timeout=30
    )


class ByStatements(InAThread):
    """Does harm by connections of its own, past every link."""

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        self._cluster = cluster
        self.start()
        return "database"

    def work(self) -> None:
        # The server may be killed meanwhile, by another fault.
        with suppress(pymysql.Error):
            self.harm(self._over)

    def harm(self, over: threading.Event) -> None:
        """Do it until ``over``."""
        raise NotImplementedError

    def connect(self) -> Connection[Any]:
        """As ``connected``."""
        return connected(self._cluster)


class ConnectionsKilled(ByStatements):
    """``KILL`` of every connection of the application, again and again."""

    name = "database-connections-killed"
    branches = (
        Branch(
            "a lost connection is an outage, or tried again", both(noted("killed"), DATABASE_AWAY)
        ),
    )

    def harm(self, over: threading.Event) -> None:
        killed = 0
        with self.connect() as connection, connection.cursor() as cursor:
            while not over.wait(KILL_EVERY):
                cursor.execute(
                    "SELECT id FROM information_schema.processlist WHERE db IS NOT NULL"
                    " AND id <> CONNECTION_ID() AND command <> 'Daemon'"
                )
                for (one,) in cursor.fetchall():
                    with suppress(pymysql.Error):
                        cursor.execute(f"KILL {int(one)}")
                        killed += 1
                self.notes["killed"] = f"{killed} connections killed"


class TablesLocked(ByStatements):
    """Nobody else may write, and soon nobody read, what every change of rights writes."""

    name = "database-tables-locked"
    seconds = (2.0, 4.0)
    branches = (
        Branch("writers wait, readers go on", both(noted("waiting"), answered("row read"))),
    )

    def harm(self, over: threading.Event) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SET SESSION lock_wait_timeout = {LOCK_WITHIN}")
            cursor.execute(f"LOCK TABLES {OUTBOX} WRITE, {AUDIT} WRITE")
            with self.connect() as other, other.cursor() as looking:
                while not over.wait(KILL_EVERY):
                    looking.execute(
                        "SELECT COUNT(*) FROM information_schema.processlist"
                        " WHERE state LIKE 'Waiting for table%'"
                    )
                    (waiting,) = looking.fetchone() or (0,)
                    if waiting:
                        self.notes["waiting"] = f"{waiting} statements waited for the tables"
            cursor.execute("UNLOCK TABLES")


class ReadOnly(ByStatements):
    """``read_only``, as on a server that became a replica. Administrators could go on writing."""

    name = "database-read-only"
    branches = (Branch("1290: an outage", both(noted("only"), DATABASE_AWAY)),)

    def harm(self, over: threading.Event) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL read_only = 1")
            try:
                self.notes["only"] = "read_only=1"
                over.wait()
            finally:
                cursor.execute("SET GLOBAL read_only = 0")


class Deadlocks(ByStatements):
    """Locks are taken in the other order than changes take them: audit record first, outbox last.

    We hold the end of the outbox, for which a change waits at its end, and then ask for the audit
    record that it has just written. InnoDB sees the circle, and ends the one that changed less.
    """

    name = "database-deadlocks"
    seconds = (4.0, 8.0)
    branches = (
        Branch(
            "1213: two writers met, 409 or tried again",
            both(noted("deadlocks"), logged(r"two writers met" + REST)),
        ),
    )

    def harm(self, over: threading.Event) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {SCRATCH} (id INT AUTO_INCREMENT PRIMARY KEY, n INT)"
            )
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {LOCK_WITHIN}")
            before = _deadlocks(cursor)
            while not over.is_set():
                with suppress(pymysql.Error):
                    self._cross(connection, cursor, over)
                connection.rollback()
                with suppress(pymysql.Error):
                    if (met := _deadlocks(cursor) - before) > 0:
                        self.notes["deadlocks"] = f"Innodb_deadlocks +{met}"
                over.wait(KILL_EVERY)
            cursor.execute(f"DROP TABLE IF EXISTS {SCRATCH}")

    def _cross(self, connection: Any, cursor: Any, over: threading.Event) -> None:
        connection.begin()
        rows = ",".join(["(1)"] * HEAVY)
        cursor.execute(f"INSERT INTO {SCRATCH} (n) VALUES {rows}")
        cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {OUTBOX}")
        (last,) = cursor.fetchone()
        cursor.execute(f"SELECT id FROM {OUTBOX} WHERE id >= %s FOR UPDATE", (last,))
        # A change that comes now has its audit record, and waits for the outbox.
        over.wait(2 * KILL_EVERY)
        cursor.execute(f"SELECT id FROM {AUDIT} ORDER BY id DESC LIMIT 5 FOR UPDATE")
        cursor.fetchall()


def _deadlocks(cursor: Any) -> int:
    """How many the server has met since its start."""
    cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")
    found = cursor.fetchone()
    return int(found[1]) if found else 0
