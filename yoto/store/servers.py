"""The database servers that are known to work: from the oldest version that the tests run on."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import URL

from yoto.errors import ConfigurationError

# Both are releases with long support. MariaDB 10.6 and MySQL 8.0, which had all that statements use
# (JSON_TABLE, the collation utf8mb4_0900_bin), have come to their end.
OLDEST = {"MariaDB": (10, 11), "MySQL": (8, 4)}
BACKENDS = frozenset({"sqlite", "mysql", "mariadb"})
WORKING = "SQLite, MariaDB from 10.11 and MySQL from 8.4 are the databases that work"
# MariaDB from 10 on reports this version first, for old replicas.
_DISGUISE = "5.5.5-"
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


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


def refuse_old(connection: Any, record: Any) -> None:
    """Refuse a server that is too old, by the version that it reports when a connection opens.

    Raises:
        ConfigurationError: it names ``DATABASE_URL`` and both versions.
    """
    told = str(connection.get_server_info())
    name = "MariaDB" if "mariadb" in told.lower() else "MySQL"
    found = _VERSION.match(told.removeprefix(_DISGUISE) if name == "MariaDB" else told)
    if found is None:
        return
    version = tuple(int(part) for part in found.groups(default="0"))
    if version < OLDEST[name]:
        raise ConfigurationError(
            "DATABASE_URL",
            f"{name} {found[0]} is too old: {name} {'.'.join(map(str, OLDEST[name]))} is the oldest"
            " that works",
        )
