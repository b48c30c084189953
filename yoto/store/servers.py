"""The database servers that are known to work: from the oldest version that the tests run on."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import URL, Dialect

from yoto.errors import ConfigurationError

# Releases with long support. MariaDB 10.6 and MySQL 8.0, which had all that statements use
# (JSON_TABLE, the collation utf8mb4_0900_bin), have come to their end, as PostgreSQL 14 has.
OLDEST = {"MariaDB": (10, 11), "MySQL": (8, 4), "PostgreSQL": (15,)}
POSTGRESQL = "postgresql"
BACKENDS = frozenset({"sqlite", "mysql", "mariadb", POSTGRESQL})
# psycopg2 is an application's own driver: the platform then works with its connections.
DRIVERS = frozenset({"psycopg", "psycopg2"})
WORKING = (
    "SQLite, PostgreSQL from 15, MariaDB from 10.11 and MySQL from 8.4 are the databases that work"
)
# MariaDB from 10 on reports this version first, for old replicas.
_DISGUISE = "5.5.5-"
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


def has_server(dialect: Dialect) -> bool:
    """Whether the database is a server, which may be away, and no file."""
    return dialect.name != "sqlite"


def server_name(dialect: Dialect) -> str:
    """The name and the version of the server that an engine has met."""
    of_mysql = "MariaDB" if getattr(dialect, "is_mariadb", False) else "MySQL"
    name = {"sqlite": "SQLite", POSTGRESQL: "PostgreSQL"}.get(dialect.name, of_mysql)
    return f"{name} {'.'.join(map(str, (dialect.server_version_info or ())[:3]))}"


def refuse_unsupported(url: URL, setting: str = "DATABASE_URL") -> None:
    """Refuse a database of another kind before anything connects to it.

    Args:
        setting: the setting or argument that named the database.

    Raises:
        ConfigurationError: it names ``setting`` and the databases that work.
    """
    backend = url.get_backend_name()
    if backend not in BACKENDS:
        raise ConfigurationError(setting, f"'{backend}' is not supported: {WORKING}")
    if backend == POSTGRESQL and (driver := url.get_driver_name()) not in DRIVERS:
        raise ConfigurationError(
            setting, f"the driver '{driver}' is not supported: postgresql+psycopg://... is"
        )


def refuse_old(connection: Any, record: Any) -> None:
    """Refuse a server that is too old, by the version that it reports when a connection opens.

    Raises:
        ConfigurationError: it names ``DATABASE_URL`` and both versions.
    """
    name, version = _server_of(connection)
    if version and version < OLDEST[name]:
        told, oldest = (".".join(map(str, one)) for one in (version, OLDEST[name]))
        raise ConfigurationError(
            "DATABASE_URL", f"{name} {told} is too old: {name} {oldest} is the oldest that works"
        )


def _server_of(connection: Any) -> tuple[str, tuple[int, ...]]:
    """Its name and version, of whichever driver; no version where it tells none."""
    if not hasattr(connection, "get_server_info"):
        number: int = connection.info.server_version  # 150018 is 15.18
        return "PostgreSQL", divmod(number, 10_000)
    told = str(connection.get_server_info())
    name = "MariaDB" if "mariadb" in told.lower() else "MySQL"
    found = _VERSION.match(told.removeprefix(_DISGUISE) if name == "MariaDB" else told)
    version = () if found is None else found.groups(default="")
    return name, tuple(int(part) for part in version if part)
