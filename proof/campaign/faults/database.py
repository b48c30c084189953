"""The database answers, but loses connections, locks tables, deadlocks, or takes no writes."""

from __future__ import annotations

import random
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from proof.campaign.faults.base import Branch, InAThread
from proof.campaign.faults.seen import DATABASE_AWAY, REST, answered, both, logged, noted
from proof.cluster import DATABASE_ERRORS, POSTGRESQL

if TYPE_CHECKING:
    from proof.cluster import Cluster

KILL_EVERY = 0.2  # s
HEAVY = 500  # rows of our own: InnoDB sacrifices the transaction that has changed less
LOCK_WITHIN = 3  # s
SCRATCH = "campaign_scratch"
AUDIT, OUTBOX = "yoto_audit_records", "yoto_permission_outbox"
# Statements by the kind of database.
CONNECTED = {
    "mariadb": "SELECT id FROM information_schema.processlist WHERE db IS NOT NULL"
    " AND id <> CONNECTION_ID() AND command <> 'Daemon'",
    "postgresql": "SELECT pid FROM pg_stat_activity WHERE datname = 'yoto'"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
}
KILL = {"mariadb": "KILL %d", "postgresql": "SELECT pg_terminate_backend(%d)"}
WAITING = {
    "mariadb": "SELECT COUNT(*) FROM information_schema.processlist"
    " WHERE state LIKE 'Waiting for table%'",
    "postgresql": "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
}
DEADLOCKS = {
    "mariadb": "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'",
    "postgresql": "SELECT deadlocks FROM pg_stat_database WHERE datname = 'yoto'",
}
READ_ONLY = {
    "mariadb": (["SET GLOBAL read_only = 1"], ["SET GLOBAL read_only = 0"], "read_only=1"),
    "postgresql": (
        [
            "SET default_transaction_read_only = off",
            "ALTER SYSTEM SET default_transaction_read_only = on",
            "SELECT pg_reload_conf()",
        ],
        ["ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"],
        "default_transaction_read_only=on",
    ),
}


class ByStatements(InAThread):
    """Does harm by connections of its own, past every link."""

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        self._cluster = cluster
        self.on_postgresql = cluster.kind == POSTGRESQL
        self.start()
        return "database"

    def work(self) -> None:
        # The server may be killed meanwhile, by another fault.
        with suppress(*DATABASE_ERRORS):
            self.harm(self._over)

    def harm(self, over: threading.Event) -> None:
        """Do it until ``over``."""
        raise NotImplementedError

    def connect(self) -> Any:
        """A connection of the administrator to the application's database, past all links."""
        return self._cluster.connect_to_database()


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
                cursor.execute(CONNECTED[self._cluster.kind])
                for (one,) in cursor.fetchall():
                    with suppress(*DATABASE_ERRORS):
                        cursor.execute(KILL[self._cluster.kind] % one)
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
            if self.on_postgresql:
                cursor.execute(f"SET lock_timeout = '{LOCK_WITHIN}s'")
                cursor.execute("BEGIN")
                cursor.execute(f"LOCK TABLE {OUTBOX}, {AUDIT}")
            else:
                cursor.execute(f"SET SESSION lock_wait_timeout = {LOCK_WITHIN}")
                cursor.execute(f"LOCK TABLES {OUTBOX} WRITE, {AUDIT} WRITE")
            with self.connect() as other, other.cursor() as looking:
                while not over.wait(KILL_EVERY):
                    looking.execute(WAITING[self._cluster.kind])
                    (waiting,) = looking.fetchone() or (0,)
                    if waiting:
                        self.notes["waiting"] = f"{waiting} statements waited for the tables"
            cursor.execute("COMMIT" if self.on_postgresql else "UNLOCK TABLES")


class ReadOnly(ByStatements):
    """A server that is being moved: clients only read, administrators could go on writing."""

    name = "database-read-only"
    branches = (Branch("it takes no writes: an outage", both(noted("only"), DATABASE_AWAY)),)

    def harm(self, over: threading.Event) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            on, off, name = READ_ONLY[self._cluster.kind]
            for statement in on:
                cursor.execute(statement)
            try:
                self.notes["only"] = name
                over.wait()
            finally:
                for statement in off:
                    cursor.execute(statement)


class Deadlocks(ByStatements):
    """Locks are taken in the other order than changes take them: audit record first, outbox last.

    We hold the end of the outbox, for which a change waits at its end, and then ask for the audit
    record that it has just written. InnoDB sees the circle, and ends the one that changed less;
    PostgreSQL, where nobody waits for rows that are not there yet, the one that looks first: we
    hold the tables, and look late.
    """

    name = "database-deadlocks"
    seconds = (4.0, 8.0)
    branches = (
        Branch(
            "a deadlock: two writers met, 409 or tried again",
            both(noted("deadlocks"), logged(r"two writers met" + REST)),
        ),
    )

    def harm(self, over: threading.Event) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            if self.on_postgresql:
                cursor.execute(f"SET deadlock_timeout = '{LOCK_WITHIN - 1}s'")
                cursor.execute(f"SET lock_timeout = '{LOCK_WITHIN}s'")
            else:
                cursor.execute(
                    f"CREATE TABLE IF NOT EXISTS {SCRATCH} (id INT AUTO_INCREMENT PRIMARY KEY,"
                    " n INT)"
                )
                cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {LOCK_WITHIN}")
            before = self._deadlocks(cursor)
            cross = self._cross_tables if self.on_postgresql else self._cross_rows
            while not over.is_set():
                with suppress(*DATABASE_ERRORS):
                    cursor.execute("BEGIN")
                    cross(cursor, over)
                cursor.execute("ROLLBACK")
                with suppress(*DATABASE_ERRORS):
                    if (met := self._deadlocks(cursor) - before) > 0:
                        self.notes["deadlocks"] = f"deadlocks +{met}"
                over.wait(KILL_EVERY)
            if not self.on_postgresql:
                cursor.execute(f"DROP TABLE IF EXISTS {SCRATCH}")

    def _cross_rows(self, cursor: Any, over: threading.Event) -> None:
        rows = ",".join(["(1)"] * HEAVY)
        cursor.execute(f"INSERT INTO {SCRATCH} (n) VALUES {rows}")
        cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {OUTBOX}")
        (last,) = cursor.fetchone()
        cursor.execute(f"SELECT id FROM {OUTBOX} WHERE id >= %s FOR UPDATE", (last,))
        # A change that comes now has its audit record, and waits for the outbox.
        over.wait(2 * KILL_EVERY)
        cursor.execute(f"SELECT id FROM {AUDIT} ORDER BY id DESC LIMIT 5 FOR UPDATE")
        cursor.fetchall()

    def _cross_tables(self, cursor: Any, over: threading.Event) -> None:
        cursor.execute(f"LOCK TABLE {OUTBOX} IN SHARE MODE")
        over.wait(2 * KILL_EVERY)
        cursor.execute(f"LOCK TABLE {AUDIT} IN SHARE MODE")

    def _deadlocks(self, cursor: Any) -> int:
        """How many the server has met since its start."""
        cursor.execute(DEADLOCKS[self._cluster.kind])
        found = cursor.fetchone()
        return int(found[-1]) if found else 0
