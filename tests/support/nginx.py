"""The shipped configuration of nginx, fitted to nodes, ports and files of a test."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.support.require import missing

SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx" / "yoto.conf"
# What Debian's and the image's own nginx.conf hold around it, below one folder.
AROUND = """\
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes 2;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/yoto.conf;
}}
"""
_NODE = re.compile(r"^    server \S+:5000 (.*)$", re.MULTILINE)


def program() -> str:
    """The path of nginx; skips or fails the test where there is none."""
    # A user's own path seldom names /usr/sbin.
    return shutil.which("nginx") or shutil.which("/usr/sbin/nginx") or missing("there is no nginx")


def write_configuration(
    folder: Path,
    nodes: Sequence[str],
    *,
    https: int,
    http: int,
    certificate: Path,
    key: Path,
    per_address: int = 100,
) -> Path:
    """Write nginx.conf, and beside it the shipped file fitted to it.

    Args:
        folder: where to; made if it is not there, and nginx writes nowhere else.
        nodes: ``host:port`` of each node.
        https: the port on the loopback interface for TLS.
        http: the port there that redirects.
        per_address: connections of one address.

    Returns:
        The file for ``nginx -c``; it stays in the foreground.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = SHIPPED.read_text(encoding="utf-8")
    (options,) = set(_NODE.findall(text))
    text = _NODE.sub("", text)
    lines = "".join(f"    server {node} {options}\n" for node in nodes)
    for shipped, fitted in (
        ("    keepalive 64;", f"{lines}    keepalive 64;"),
        ("listen 80;", f"listen 127.0.0.1:{http};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{https} ssl;"),
        ("https://$host$request_uri", f"https://$host:{https}$request_uri"),
        ("/etc/nginx/tls/yoto.crt", str(certificate)),
        ("/etc/nginx/tls/yoto.key", str(key)),
        ("limit_conn addresses 100;", f"limit_conn addresses {per_address};"),
    ):
        assert text.count(shipped) == 1, shipped
        text = text.replace(shipped, fitted)
    (folder / "yoto.conf").write_text(text, encoding="utf-8")
    main = folder / "nginx.conf"
    main.write_text(AROUND.format(folder=folder), encoding="utf-8")
    return main
