"""The shipped scripts make a Redis Cluster with a password, and OPA lets only the token write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
import urllib3

from tests.support.opa import OpaServer, opa_binary
from tests.support.require import missing
from tests.support.service import Service
from tests.support.waiting import HOST, free_port, wait_until
from tests.unit.deploy.files import DEPLOY, compose

PASSWORD = "a password of this test alone"
TOKEN = "a-token-of-this-test-alone"
START = DEPLOY / "redis" / "start.sh"
CREATE = DEPLOY / "redis" / "create-cluster.sh"
SECONDS = 90


def client(port: int, password: str | None = PASSWORD) -> redis.Redis:
    return redis.Redis(HOST, port, password=password, socket_timeout=5, decode_responses=True)


class Node(Service):
    """A node as Compose starts it, but for port and folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__("redis", folder)
        self.port = free_port()
        self._configuration = folder / "redis.conf"
        folder.mkdir()
        shipped = (DEPLOY / "redis" / "redis.conf").read_text(encoding="utf-8")
        fitted = shipped.replace("port 6379", f"port {self.port}\nbind {HOST}")
        self._configuration.write_text(fitted.replace("dir /data", f"dir {folder}"))

    def command(self) -> list[str]:
        return [str(START)]

    def environment(self) -> dict[str, str]:
        own = {"REDIS_PASSWORD": PASSWORD, "REDIS_CONF": str(self._configuration)}
        return os.environ | own

    def answers(self) -> bool:
        try:
            return bool(client(self.port).ping())
        except redis.RedisError:
            return False


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[int]]:
    """The ports of six nodes."""
    if shutil.which("redis-server") is None or shutil.which("redis-cli") is None:
        missing("there is no redis-server")
    with ExitStack() as stack:
        made = [stack.enter_context(Node(tmp_path / f"node{number}")) for number in range(6)]
        yield [node.start().port for node in made]


def create(ports: list[int]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CREATE, *(f"{HOST}:{port}" for port in ports)],
        env={**os.environ, "REDISCLI_AUTH": PASSWORD},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


@pytest.mark.timeout(2 * SECONDS)
def test_six_nodes_become_a_cluster_once_and_let_nobody_in_without_the_password(
    nodes: list[int],
) -> None:
    for _ in range(2):
        made = create(nodes)
        assert made.returncode == 0, made.stdout + made.stderr
        assert made.stdout.endswith("the cluster serves\n")
    with pytest.raises(redis.AuthenticationError):
        client(nodes[0], password=None).ping()
    kept = client(nodes[0]).config_get("maxmemory-policy")
    assert kept == {"maxmemory-policy": "noeviction"}
    replicas = [port for port in nodes if client(port).info("replication")["role"] == "slave"]
    assert len(replicas) == 3
    for port in replicas:
        wait_until(
            lambda port=port: client(port).info("replication")["master_link_status"] == "up",
            what="a replica in sync",
        )


@pytest.fixture
def opa(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpaServer]:
    monkeypatch.setenv("OPA_TOKEN", TOKEN)
    options = [one for one in compose()["services"]["opa"]["command"] if one.startswith("--auth")]
    assert len(options) == 2
    server = OpaServer(opa_binary(), *options, str(DEPLOY / "opa" / "authz.rego"))
    with server.start():
        yield server


def put(opa: OpaServer, **headers: str) -> int:
    text = b"package example\nallow := true"
    address = f"{opa.url}/v1/policies/example"
    return urllib3.request("PUT", address, body=text, headers=headers).status


def test_only_the_token_may_write_policies(opa: OpaServer) -> None:
    assert put(opa) == 401
    assert put(opa, authorization=f"Bearer {TOKEN}x") == 401
    assert put(opa, authorization=f"Bearer {TOKEN}") == 200


def test_the_health_check_of_opa_tells(opa: OpaServer) -> None:
    _, _, *arguments = compose()["services"]["opa"]["healthcheck"]["test"]
    here = [one.replace("127.0.0.1:8181", f"{HOST}:{opa.port}") for one in arguments]

    def checked() -> int:
        return subprocess.run([opa.binary, *here], capture_output=True).returncode

    assert checked() == 0
    opa.kill()
    assert checked() != 0


def test_no_token_at_all_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPA_TOKEN", "")
    policy = str(DEPLOY / "opa" / "authz.rego")
    asked = json.dumps({"identity": "", "path": ["v1", "policies"]})
    done = subprocess.run(
        [opa_binary(), "eval", "--data", policy, "--stdin-input", "data.system.authz.allow"],
        input=asked,
        capture_output=True,
        text=True,
    )
    (result,) = json.loads(done.stdout)["result"]
    assert result["expressions"][0]["value"] is False
