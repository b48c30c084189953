"""The shipped configuration of nginx: nginx takes it, and its limits fit the settings."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from config import Base
from tests.support.front import SITE, Nginx

TEXT = SITE.read_text(encoding="utf-8")


def seconds(directive: str, block: str = TEXT) -> int:
    """The one time of that name in the file, or in a part of it."""
    (found,) = re.findall(rf"^\s*{directive} (\d+)s;", block, re.MULTILINE)
    return int(found)


def test_nginx_takes_the_file_as_the_topology_fits_it(tmp_path: Path) -> None:
    with Nginx(tmp_path / "nginx") as nginx:
        nginx.upstreams = ["127.0.0.1:5000", "127.0.0.1:5001"]
        done = subprocess.run([*nginx.command(), "-t"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def test_its_times_and_sizes_fit_the_settings() -> None:
    assert seconds("keepalive_timeout") < min(Base.KEEP_ALIVE_SECONDS, Base.DRAIN_SECONDS)
    assert seconds("client_header_timeout") <= Base.REQUEST_HEAD_SECONDS
    assert f"client_max_body_size {Base.MAX_CONTENT_LENGTH // 1024}k;" in TEXT
    sockets = TEXT.partition("location /socket.io/ {")[2].partition("}")[0]
    assert (
        seconds("proxy_read_timeout", sockets)
        > Base.SOCKETS_PING_INTERVAL + Base.SOCKETS_PING_TIMEOUT
    )
    assert set(re.findall(r"YOTO_([A-Z_]+[A-Z])", TEXT)) <= set(dir(Base))
    assert f":{Base.PORT} " in TEXT


def test_measurements_are_not_shown_outside() -> None:
    assert re.search(r"location = /metrics {\s+return 404;", TEXT)


def test_the_guide_links_the_file_and_has_no_other() -> None:
    guide = (SITE.parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
    assert "(../deploy/nginx/yoto.conf)" in guide and "proxy_pass" not in guide
