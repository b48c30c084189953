"""A private MySQL server, where ``YOTO_TEST_DATABASE`` is ``mysql``.

Debian's stable releases have none. So ``.ci/servers`` unpacks the one of its unstable release, with
the libraries that it needs, into ``build/mysql``, where nothing of the machine's own is in its way.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tests.support.database import in_memory
from tests.support.mariadb import MariaDB, placed
from tests.support.waiting import free_port

ROOT = Path(__file__).parents[2] / "build" / "mysql"


def start_mysql() -> MariaDB | None:
    """Start a server, or None where MySQL is not unpacked."""
    loader = next(ROOT.glob("usr/lib/*-linux-*/ld-linux-*.so.*"), None)
    if loader is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="yoto-mysql-", dir=in_memory()))
    port = free_port()
    server = [
        str(loader),
        "--library-path",
        str(loader.parent),
        f"{ROOT}/usr/sbin/mysqld",
        "--no-defaults",
        *placed(folder, port),
        f"--basedir={ROOT}/usr",
        f"--lc-messages-dir={ROOT}/usr/share/mysql",
        f"--character-sets-dir={ROOT}/usr/share/mysql/charsets",
        f"--plugin-dir={ROOT}/usr/lib/mysql/plugin",
        "--secure-file-priv=",
    ]
    subprocess.run([*server, "--initialize-insecure"], check=True, capture_output=True, timeout=120)
    command = [
        *server,
        "--mysqlx=OFF",
        "--skip-log-bin",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=128M",
        "--max-connections=300",
    ]
    return MariaDB(command, folder, port).start()
