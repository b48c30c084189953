"""Settings that ``deploy/`` and the Dockerfile name are there, and agree with the guide."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.server.drain import CLOSE_SECONDS
from app.server.listener import BACKLOG
from app.server.threads import OTHER_THREADS
from app.settings import FOREIGN_VARIABLES
from app.settings import SETTINGS as OF_APPLICATION
from config import Base
from tests.unit.deploy.files import (
    COMPOSE,
    DEPLOY,
    DOCKERFILE,
    GUNICORN,
    ROOT,
    UNIT,
    compose,
    manifest,
)
from yoto.http.bounding import most_at_work
from yoto.parts.rooms import ALL, chosen

DECLARED = OF_APPLICATION | {key: one for room in chosen(ALL) for key, one in room.keys.items()}
GUIDE = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
# Those of smoke.sh are its own.
NAME = re.compile(r"\bYOTO_(?!SMOKE_)[A-Z_]*[A-Z]\b")
# gunicorn leaves its configuration compiled beside it.
NO_TEXT = (".json", ".pyc")
TEXTS = [DOCKERFILE, *sorted(path for path in DEPLOY.rglob("*") if path.suffix not in NO_TEXT)]


def stop_time(pattern: str) -> int:
    """The seconds that the guide gives to a process manager."""
    (found,) = re.findall(pattern, GUIDE)
    return int(found)


def value_in(path: Path, name: str) -> str:
    """The value that a file sets, as ``name=value``."""
    (found,) = re.findall(rf"^{name}=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return str(found)


def pod() -> dict[str, Any]:
    found: dict[str, Any] = manifest("deployment.yaml")["spec"]["template"]["spec"]
    return found


@pytest.mark.parametrize("path", [p for p in TEXTS if p.is_file()], ids=lambda p: p.name)
def test_each_variable_that_a_file_names_is_a_setting(path: Path) -> None:
    named = set(NAME.findall(path.read_text(encoding="utf-8"))) - set(FOREIGN_VARIABLES)
    assert {name.removeprefix("YOTO_") for name in named} <= set(DECLARED)


def test_the_text_of_all_files_names_some() -> None:
    assert len(set(NAME.findall("".join(p.read_text() for p in TEXTS if p.is_file())))) > 15


def test_compose_stops_nodes_as_the_guide_says() -> None:
    wanted = stop_time(r"stop_grace_period: (\d+)s")
    assert wanted > Base.DRAIN_SECONDS + 2
    for node in ("app1", "app2"):
        assert compose()["services"][node]["stop_grace_period"] == f"{wanted}s"


def test_systemd_stops_nodes_as_the_guide_says() -> None:
    wanted = stop_time(r"TimeoutStopSec=(\d+)")
    assert wanted > Base.DRAIN_SECONDS + 2
    assert value_in(UNIT, "TimeoutStopSec") == str(wanted)
    # A second signal to workers that drain would end them.
    assert value_in(UNIT, "KillMode") == "mixed"


def test_kubernetes_stops_nodes_as_the_guide_says_after_the_wait_for_the_service() -> None:
    (node,) = pod()["containers"]
    _, waits = node["lifecycle"]["preStop"]["exec"]["command"]
    wanted = stop_time(r"terminationGracePeriodSeconds: (\d+)")
    assert pod()["terminationGracePeriodSeconds"] == int(waits) + wanted


def test_gunicorn_drains_and_keeps_connections_as_run_py_does() -> None:
    set_here: dict[str, Any] = {}
    exec(compile(GUNICORN.read_text(encoding="utf-8"), GUNICORN.name, "exec"), set_here)
    # The master waits for as long as its workers take, and for what they close then.
    assert set_here["graceful_timeout"] == math.ceil(Base.DRAIN_SECONDS + CLOSE_SECONDS)
    sockets = Base.SOCKETS_THREADS
    at_work = most_at_work(
        {key: getattr(Base, key) for key in ("REQUESTS_AT_WORK", "DATABASE_POOL_SIZE")}
    )
    assert set_here["threads"] == at_work + OTHER_THREADS + sockets
    assert set_here["worker_connections"] > Base.CONNECTIONS_MAX + sockets + set_here["backlog"]
    assert set_here["backlog"] == BACKLOG
    assert set_here["keepalive"] == Base.KEEP_ALIVE_SECONDS


def test_all_listen_on_one_port() -> None:
    image = DOCKERFILE.read_text(encoding="utf-8")
    assert f"YOTO_PORT={Base.PORT}\n" in image and f"EXPOSE {Base.PORT}\n" in image
    (node,) = pod()["containers"]
    assert [port["containerPort"] for port in node["ports"]] == [Base.PORT]
    (policy,) = manifest("network.yaml")["spec"]["ingress"]
    assert policy["ports"] == [{"port": Base.PORT}]
    assert f":{Base.PORT}" in GUNICORN.read_text(encoding="utf-8")


def test_a_wrong_setting_starts_no_unit_again() -> None:
    assert value_in(UNIT, "RestartPreventExitStatus") == str(os.EX_CONFIG)


def test_no_secret_of_compose_has_a_default() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    secret = r"\w*(?:PASSWORD|SECRET|TOKEN)\w*"
    used = set(re.findall(rf"\$\{{({secret})", text))
    wanted = set(re.findall(rf"\$\{{({secret}):\?", text))
    assert used == wanted and len(used) == 6
    assert not re.search(rf"\$\{{{secret}:?-", text)
    made = (DEPLOY / "README.md").read_text(encoding="utf-8").partition("for name in ")[2]
    assert wanted == set(made.partition(";")[0].split())


def test_nothing_but_nginx_and_the_operators_page_is_published() -> None:
    services = compose()["services"]
    assert {name for name, one in services.items() if "ports" in one} == {"nginx", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in services["grafana"]["ports"])
    inside = {name for name, one in compose()["networks"].items() if one.get("internal")}
    for name, one in services.items():
        if name not in ("nginx", "app1", "app2", "grafana"):
            assert set(one["networks"]) <= inside, name


def test_every_service_waits_for_services_that_are_there_and_can_tell() -> None:
    services = compose()["services"]
    for name, one in services.items():
        for needed, how in one.get("depends_on", {}).items():
            assert needed in services, name
            if how["condition"] == "service_healthy" and needed not in ("app1", "app2"):
                assert "test" in services[needed]["healthcheck"], needed


def test_the_image_is_built_once_and_looked_for_nowhere() -> None:
    nodes = {name: one for name, one in compose()["services"].items() if one["image"] == "yoto"}
    assert [name for name, one in nodes.items() if "build" in one] == ["setup"]
    for name, one in nodes.items():
        assert one["pull_policy"] == "never", name
        assert name == "setup" or "setup" in one["depends_on"]


def test_images_of_others_name_their_version() -> None:
    images = {one["image"] for one in compose()["services"].values()} - {"yoto"}
    (sidecar,) = pod()["initContainers"]
    for image in images | {sidecar["image"]}:
        assert re.search(r":v?\d+\.\d+\.\d+", image), image
    assert sidecar["image"] in images


def test_secrets_of_kubernetes_come_by_reference() -> None:
    kinds = {found["kind"] for found in map(manifest, manifest("kustomization.yaml")["resources"])}
    assert "Secret" not in kinds
    for key in manifest("settings.yaml")["data"]:
        assert not DECLARED[key.removeprefix("YOTO_")].secret, key


def test_the_ingress_has_the_limits_of_nginx_and_closes_the_measurements() -> None:
    nginx = (DEPLOY / "nginx" / "yoto.conf").read_text(encoding="utf-8")
    sockets = nginx.partition("location /socket.io/ {")[2].partition("}")[0]
    found = manifest("ingress.yaml")
    told = {key.rpartition("/")[2]: one for key, one in found["metadata"]["annotations"].items()}
    assert f"client_max_body_size {told.pop('proxy-body-size')};" in nginx
    assert f"proxy_connect_timeout {told.pop('proxy-connect-timeout')}s;" in nginx
    assert f"limit_conn addresses {told.pop('limit-connections')};" in nginx
    for name in ("read", "send"):
        assert f"proxy_{name}_timeout {told.pop(f'proxy-{name}-timeout')}s;" in sockets
    assert not told
    (rule,) = found["spec"]["rules"]
    behind = {
        (path["path"], path["pathType"]): path["backend"]["service"]["name"]
        for path in rule["http"]["paths"]
    }
    assert behind == {("/metrics", "Exact"): "yoto-closed", ("/", "Prefix"): "yoto"}
    assert "selector" not in manifest("closed.yaml")["spec"]


def test_kubernetes_lists_each_file() -> None:
    folder = DEPLOY / "kubernetes"
    there = {path.name for path in folder.iterdir()} - {"kustomization.yaml"}
    assert set(manifest("kustomization.yaml")["resources"]) == there


def test_containers_run_without_rights() -> None:
    for spec in (pod(), manifest("setup.yaml")["spec"]["template"]["spec"]):
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False  # YOTO_PORT would be one of them
        for one in (*spec["containers"], *spec.get("initContainers", ())):
            assert one["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_grafana_is_given_the_data_source_of_the_dashboard() -> None:
    folder = DEPLOY / "grafana" / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources/yoto.yml").read_text())["datasources"]
    assert source["type"] == "prometheus" and "prometheus" in compose()["services"]
    (provider,) = yaml.safe_load((folder / "dashboards/yoto.yml").read_text())["providers"]
    mounted = compose()["services"]["grafana"]["volumes"]
    assert f"./grafana/yoto.json:{provider['options']['path']}/yoto.json:ro" in mounted
