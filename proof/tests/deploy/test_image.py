"""The image of the Dockerfile: built, started as its user on a read-only root, and asked."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPSHandler, OpenerDirector, Request, build_opener

import pytest

from proof.cluster import OPERATOR, Cluster
from proof.tests.deploy.image import Image, ImageNode, build
from tests.support.require import LONG
from tests.unit.deploy.files import compose

pytestmark = [
    LONG,  # a build takes minutes
    pytest.mark.timeout(1800),
]
STOP_SECONDS = 15


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    folder = tmp_path_factory.mktemp("image")
    built = build(folder)
    took = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in built.seconds.items())
    print(f"\nimage: {built.size / 1e6:.0f} MB; {took}", file=sys.stderr)
    yield built
    # Some gigabytes, which pytest would keep.
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def cluster(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with Cluster(folder, app_nodes=1, workers=1, prometheus=False) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def node(
    image: Image, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ImageNode]:
    """A container behind nginx, in the place of the node that was there."""
    with ImageNode(image, tmp_path_factory.mktemp("node"), cluster.settings).start() as node:
        cluster.nodes[0].stop()
        cluster.nginx.upstreams = [node.address]
        cluster.nginx.start()
        yield node


@pytest.fixture
def browser(node: ImageNode, cluster: Cluster) -> OpenerDirector:
    trusting = ssl.create_default_context(cafile=str(cluster.ca))
    return build_opener(HTTPSHandler(context=trusting), HTTPCookieProcessor(CookieJar()))


def test_the_set_up_of_compose_runs_in_it(image: Image, cluster: Cluster) -> None:
    variables = {f"YOTO_{key}": value for key, value in cluster.settings.items()}
    command = [part.replace("$$", "$") for part in compose()["services"]["setup"]["command"]]
    run = image.command(command, {**variables, "OPERATOR_PASSWORD": "not asked for again"})
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"operator: {OPERATOR}" in done.stdout


def test_its_processes_are_its_user_and_have_a_read_only_root(node: ImageNode) -> None:
    first = node.first_process()
    workers = first.children()
    assert len(workers) == 2
    uid = int(node.image.config["User"].partition(":")[0])
    assert {one.uids().real for one in (first, *workers)} == {uid}
    mounts = Path(f"/proc/{first.pid}/mounts").read_text(encoding="utf-8").splitlines()
    options = {line.split()[1]: line.split()[3].split(",") for line in mounts}
    assert "ro" in options["/"] and "rw" in options["/tmp"]


def test_its_health_check_says_that_it_is_ready(node: ImageNode) -> None:
    assert node.healthy()


def test_a_member_signs_in_through_nginx(browser: OpenerDirector, cluster: Cluster) -> None:
    body = json.dumps({"username": "tomas", "password": cluster.passwords["tomas"]}).encode()
    headers = {"Content-Type": "application/json"}
    answer = browser.open(Request(f"{cluster.url}/api/v1/auth/login", body, headers), timeout=30)
    token = json.load(answer)["access_token"]
    channel = Request(
        f"{cluster.url}/api/v1/channels/1/messages", headers={"Authorization": f"Bearer {token}"}
    )
    assert browser.open(channel, timeout=30).status == 200


def test_an_operator_signs_in_and_gets_pages_with_their_styles(
    browser: OpenerDirector, cluster: Cluster
) -> None:
    page = browser.open(f"{cluster.url}/control/sign-in", timeout=30).read().decode()
    (token,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', page))
    form = {"csrf_token": token, "username": OPERATOR, "password": cluster.passwords[OPERATOR]}
    data = urlencode(form).encode()
    answer = browser.open(f"{cluster.url}/control/sign-in", data, timeout=30)
    assert answer.url == f"{cluster.url}/control/"
    styles = re.findall(r'<link[^>]* href="([^"]+\.css)"', answer.read().decode())
    assert styles
    for style in styles:
        assert browser.open(f"{cluster.url}{style}", timeout=30).status == 200


def test_no_layer_has_what_the_build_needed_or_what_is_secret(image: Image) -> None:
    assert not (image.root / "build").exists()
    assert not list((image.root / "app").rglob(".env*"))
    assert not (image.root / "app" / "instance").exists()
    assert (image.root / "app/yoto/control_plane/static/vendor/uplot.js").is_file()
    assert not list((image.root / "opt/yoto").rglob("pip/__init__.py"))


def test_sigterm_to_the_first_process_ends_it_in_time(node: ImageNode) -> None:
    node.first_process().terminate()
    assert node.process is not None
    assert node.process.wait(STOP_SECONDS) == 0
