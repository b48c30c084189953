"""Which database servers are known to work: the first of each that has all that statements use."""

from __future__ import annotations

import re
from typing import Any

from yoto.errors import ConfigurationError

# JSON_TABLE came with MariaDB 10.6; the collation utf8mb4_0900_bin with MySQL 8.0.17.
OLDEST = {"MariaDB": (10, 6), "MySQL": (8, 0, 17)}
# MariaDB from 10 on says first that it is this one, for old replicas.
_DISGUISE = "5.5.5-"
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


def refuse_old(connection: Any, record: Any) -> None:
    """Refuse a server that is too old, by what it says of itself when a connection opens.

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
