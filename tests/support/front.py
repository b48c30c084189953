"""Servers before and beside the applications: nginx with TLS, and Prometheus."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

import psutil
import trustme
import yaml

from tests.support.prometheus_files import DEPLOY, RULES, SCRAPES
from tests.support.require import missing
from tests.support.service import Service
from tests.support.waiting import HOST, free_port, listening, ready, wait_until

SITE = DEPLOY / "nginx" / "yoto.conf"
AROUND = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
    map $status $ended {{ 408 1; default 0; }}
    access_log /dev/stderr combined if=$ended;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include site.conf;
}}
"""
# All clients of the topology come from one address.
CONNECTIONS = 5000


class Nginx(Service):
    """nginx with TLS before the applications, by the shipped file.

    Attributes:
        port, plain_port: of https, and of http, which sends to https.
        ca: certificate of the authority that signed its own.
        upstreams: addresses of the applications, or of the links to them.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__("nginx", folder)
        self.port, self.plain_port = free_port(), free_port()
        self.ca = folder / "ca.pem"
        self.upstreams: Sequence[str] = ()
        self._program = shutil.which("nginx") or missing("nginx is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca)
        own = authority.issue_cert(HOST, "localhost")
        own.private_key_pem.write_to_path(folder / "server.key")
        for number, blob in enumerate(own.cert_chain_pems):
            blob.write_to_path(folder / "server.pem", append=number > 0)

    @property
    def url(self) -> str:
        """Where clients come in."""
        return f"https://{HOST}:{self.port}"

    def route_to(self, upstreams: Sequence[str]) -> None:
        """Send new requests there alone, as an operator does before a node is stopped.

        Returns when every request that went elsewhere is on its way.
        """
        before = psutil.Process(self.pid).children()
        self.upstreams = upstreams
        self._write()
        os.kill(self.pid, signal.SIGHUP)
        wait_until(lambda: all(map(_takes_nothing, before)), what="nginx to take its new upstreams")

    def command(self) -> list[str]:
        self._write()
        return [self._program, "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"]

    def answers(self) -> bool:
        return listening(self.port)

    def _write(self) -> None:
        # Its workers read the key and write where only we may.
        user = "user root;" if os.geteuid() == 0 else ""
        around = AROUND.format(user=user, folder=self.folder)
        (self.folder / "nginx.conf").write_text(around, encoding="utf-8")
        (self.folder / "site.conf").write_text(self._site(), encoding="utf-8")

    def _site(self) -> str:
        """The shipped file, with what it says is to be fitted."""
        text = SITE.read_text(encoding="utf-8")
        servers = [
            f"    server {address} max_fails=3 fail_timeout=5s;" for address in self.upstreams
        ]
        for old, new in (
            (r"(?m)(^    server app\d.*\n)+", "\n".join([*servers, ""])),
            (r"listen 80;", f"listen {HOST}:{self.plain_port};"),
            (r"listen 443 ssl;", f"listen {HOST}:{self.port} ssl;"),
            (r"https://\$host\$request_uri", f"https://$host:{self.port}$request_uri"),
            (r"ssl_certificate \S+;", f"ssl_certificate {self.folder}/server.pem;"),
            (r"ssl_certificate_key \S+;", f"ssl_certificate_key {self.folder}/server.key;"),
            (r"limit_conn addresses \d+;", f"limit_conn addresses {CONNECTIONS};"),
        ):
            text, count = re.subn(old, new, text)
            assert count == 1, f"{SITE.name} has no {old}"
        return text


def _takes_nothing(worker: psutil.Process) -> bool:
    """Whether a worker of nginx is gone, or only finishes what it has."""
    try:
        return "shutting down" in " ".join(worker.cmdline()) or (
            worker.status() == psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return True


class Prometheus(Service):
    """Prometheus with the shipped rules, scraping the applications as the shipped file says."""

    def __init__(self, folder: Path, targets: Sequence[str], token: str) -> None:
        super().__init__("prometheus", folder)
        self.port = free_port()
        self._program = shutil.which("prometheus") or missing("prometheus is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "token").write_text(token)
        config = yaml.safe_load(SCRAPES.read_text(encoding="utf-8"))
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(RULES)]
        (job,) = config["scrape_configs"]
        job["static_configs"] = [{"targets": list(targets)}]
        job["authorization"] = {"credentials_file": str(folder / "token")}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))

    @property
    def url(self) -> str:
        """Its page and its API."""
        return f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        return [
            self._program,
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address={HOST}:{self.port}",
            "--log.level=warn",
        ]

    def answers(self) -> bool:
        return ready(self.port, "/-/ready")
