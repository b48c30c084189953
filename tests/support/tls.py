"""Certificates of an authority of the tests' own, and Redis servers that speak TLS alone."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import redis
import trustme

from tests.support.redis_servers import Server
from tests.support.require import missing
from tests.support.waiting import HOST


@dataclass(frozen=True)
class Files:
    """A certificate and its private key, as paths."""

    certificate: str
    key: str


class Authority:
    """Signs certificates; ``certificates`` is the file of who trusts it."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self._folder = folder
        self._issued: dict[tuple[str, ...], Files] = {}
        self.certificates = str(folder / "ca.pem")
        self._authority.cert_pem.write_to_path(self.certificates)

    def issue(self, *names: str) -> Files:
        """A certificate for host names or addresses; the same one each time."""
        if names in self._issued:
            return self._issued[names]
        made = self._authority.issue_cert(*names)
        path = self._folder / f"{'-'.join(names)}.pem"
        key = path.with_suffix(".key")
        made.cert_chain_pems[0].write_to_path(str(path))
        made.private_key_pem.write_to_path(str(key))
        self._issued[names] = Files(str(path), str(key))
        return self._issued[names]


class TlsServer(Server):
    """A Redis server without a plain port, which asks clients and peers for a certificate."""

    def __init__(
        self,
        authority: Authority,
        options: dict[str, str] | None = None,
        name: str = "redis",
    ) -> None:
        binary = shutil.which("redis-server")
        if binary is None:
            missing("redis-server is not installed")
        super().__init__(binary, options, name)
        self._trusted = authority.certificates
        self._own = authority.issue(HOST)
        self.options |= {
            "port": "0",
            "tls-port": str(self.port),
            "tls-cert-file": self._own.certificate,
            "tls-key-file": self._own.key,
            "tls-ca-cert-file": self._trusted,
            "tls-auth-clients": "yes",
            "tls-replication": "yes",
        }
        if self.options.get("cluster-enabled") == "yes":
            self.options["tls-cluster"] = "yes"

    @property
    def url(self) -> str:
        return f"rediss://{self.address}/0"

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(
            self.url,
            socket_timeout=5,
            ssl_ca_certs=self._trusted,
            ssl_certfile=self._own.certificate,
            ssl_keyfile=self._own.key,
        )
