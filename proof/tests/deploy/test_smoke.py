"""``deploy/smoke.sh`` on the topology of production: what it finds good, and what it finds bad."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from proof.cluster import OPERATOR, ROOT, Cluster
from proof.cluster.callers import Caller
from tests.support.require import LONG
from tests.support.waiting import wait_until

SMOKE_SECONDS = 240
START_SECONDS = 600

pytestmark = [LONG, pytest.mark.timeout(START_SECONDS + 3 * SMOKE_SECONDS)]


def smoke(
    url: str, ca: Path | str, user: str, password: str, source: Path = ROOT, **variables: str
) -> subprocess.CompletedProcess[str]:
    """The result of the script for a deployment."""
    given = {"YOTO_SMOKE_USER": user, "YOTO_SMOKE_PASSWORD": password, **variables}
    return subprocess.run(
        [str(source / "deploy" / "smoke.sh"), url, str(ca)],
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=SMOKE_SECONDS,
    )


def test_it_finds_the_whole_topology_good_and_names_what_is_wrong(tmp_path: Path) -> None:
    # Nobody here asks Prometheus.
    with Cluster(tmp_path / "cluster", prometheus=False) as cluster:
        all_is_well(cluster)
        what_is_wrong_is_named_and_counted(cluster)
        a_run_that_is_ended_leaves_no_account_that_works(cluster)
        a_certificate_that_nobody_trusts_is_refused(cluster)


def all_is_well(cluster: Cluster) -> None:
    plain = f"http://127.0.0.1:{cluster.nginx.plain_port}"
    password = cluster.passwords[OPERATOR]
    done = smoke(cluster.url, cluster.ca, OPERATOR, password, YOTO_SMOKE_PLAIN=plain)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAILED" not in done.stdout
    for said in ("each of them answers", "heard by the websocket", "denied again"):
        assert re.search(rf"^ok .*{said}", done.stdout, re.MULTILINE), done.stdout
    assert password not in done.stdout + done.stderr


def what_is_wrong_is_named_and_counted(cluster: Cluster) -> None:
    # Past the proxy: without TLS, and nobody but the applications to close the metrics.
    done = smoke(cluster.nodes[0].url, "", OPERATOR, "no password of anybody")
    assert done.returncode == done.stdout.count("FAILED ") > 0, done.stdout
    assert f"FAILED  {OPERATOR} signs in: expected 200, found 401" in done.stdout
    # Nobody could make it inactive again.
    assert "somebody registers" not in done.stdout


def a_run_that_is_ended_leaves_no_account_that_works(cluster: Cluster) -> None:
    given = {"YOTO_SMOKE_USER": OPERATOR, "YOTO_SMOKE_PASSWORD": cluster.passwords[OPERATOR]}
    run = subprocess.Popen(
        [str(ROOT / "deploy" / "smoke.sh"), cluster.url, str(cluster.ca)],
        env=os.environ | given,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    with run.stdout:
        for line in run.stdout:
            if line.startswith("ok      an invite is made"):
                run.terminate()
                break
        assert run.wait(60) == 130
    operator = Caller(cluster, OPERATOR)
    try:
        assert operator.sign_in().ok
        found = operator.call("GET", "admin/users?disabled=false&limit=100").body["items"]
    finally:
        operator.close()
    names = [one["username"] for one in found]
    assert OPERATOR in names
    assert not [name for name in names if name.startswith("smoke_")]


def a_certificate_that_nobody_trusts_is_refused(cluster: Cluster) -> None:
    done = smoke(cluster.url, "", OPERATOR, cluster.passwords[OPERATOR])
    assert done.returncode > 0
    assert "FAILED  it lives: expected 200, found" in done.stdout
    assert "certificate" in done.stdout


def test_a_fresh_clone_starts_all_of_it_by_one_command_and_leaves_nothing(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    # Installing what is installed already would prove the registry's speed, not ours.
    (clone / ".venv").symlink_to(sys.prefix)
    started = subprocess.Popen(
        ["make", "--silent", "cluster", "TOOLS=", "CHART_TOOLS="],
        cwd=clone,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    printed: list[str] = []
    children: list[psutil.Process] = []
    try:
        assert started.stdout is not None
        for line in started.stdout:
            printed.append(line)
            if "Ctrl-C" in line:
                break
        said = "".join(printed)
        url = re.search(r"through nginx: (\S+)", said)
        ca = re.search(r"authority: (\S+)", said)
        password = re.search(rf"^  {OPERATOR} +(\S+)$", said, re.MULTILINE)
        assert url and ca and password, said
        done = smoke(url[1], ca[1], OPERATOR, password[1], source=clone)
        assert done.returncode == 0, done.stdout + done.stderr
        children = psutil.Process(started.pid).children(recursive=True)
        assert len(children) > 15
    finally:
        os.killpg(started.pid, signal.SIGINT)
        started.communicate(timeout=60)
    wait_until(lambda: not any(map(_runs, children)), 30, "the end of all that was started")
    assert not list(tmp_path.glob("yoto-*"))


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two
        return False
