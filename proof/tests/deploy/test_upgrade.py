"""A version beside the one before it, under load, node by node: docs/production.md, "Upgrade".

The version before is the repository's own at ``BEFORE``, so the history must be there.
"""

from __future__ import annotations

import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest

from proof.cluster import ROOT, Cluster
from proof.cluster.application import AppNode
from proof.cluster.callers import POSITION, Answer, Place, settle
from proof.cluster.traffic import Traffic
from tests.support.require import LONG
from tests.support.waiting import wait_until

BEFORE = "3661d8b1"  # 1.0.0, the last release
TEST_SECONDS = 1800
READY_SECONDS = 300
# s until everybody knows of a change without naming its position; see docs/consistency.md.
BOUND = 2.0 + 1.0
BURST = 20  # messages that a member may send at once, of docs/guards.md

pytestmark = [LONG, pytest.mark.timeout(TEST_SECONDS)]


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The code of the version before."""
    archive = subprocess.run(
        ["git", "archive", "--format=tar", BEFORE], cwd=ROOT, capture_output=True
    )
    if archive.returncode != 0:
        said = archive.stderr.decode()
        pytest.fail(f"the repository's history has no {BEFORE}; fetch all of it: {said}")
    folder = tmp_path / "before"
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder


@pytest.fixture
def cluster(before: Path, tmp_path: Path) -> Iterator[Cluster]:
    # Tokens outlast the test, however slow the machine is.
    settings = {"ACCESS_TOKEN_SECONDS": "7200"}
    folder = tmp_path / "cluster"
    with Cluster(folder, source=before, settings=settings, prometheus=False) as cluster:
        yield cluster


def replace(cluster: Cluster, node: AppNode, source: Path) -> None:
    """As the guide has it: out of the proxy, stopped, started with the other code, back in."""
    cluster.route_to(*(other for other in cluster.nodes if other is not node))
    node.stop()
    node.source = source
    node.start()
    wait_until(node.ready, READY_SECONDS, f"{node.name} to be ready")
    cluster.route_to(*cluster.nodes)


def test_two_versions_serve_beside_each_other_and_no_request_is_lost(
    cluster: Cluster, before: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = settle(cluster)
    first, second = cluster.nodes
    with Traffic(place) as traffic:
        traffic.hears(place_says(place))
        cluster.flask("setup", source=ROOT)
        replace(cluster, first, ROOT)
        both_know(place, first, second)
        traffic.hears(place_says(place))
        # The way back of one node, which is the way forward of another.
        replace(cluster, first, before)
        replace(cluster, first, ROOT)
        replace(cluster, second, ROOT)
        traffic.hears(place_says(place))
        joined = traffic.connected
    with capsys.disabled():
        print(f"\n{sum(traffic.counts().values())} requests over four replacements")
    assert not traffic.wrong, [(one.kind, one.answer) for one in traffic.wrong[:10]]
    assert {kind for kind, _ in traffic.counts()} == {
        "allowed",
        "denied",
        "read",
        "refused",
        "said",
        "signed in",
    }
    # Its node went away once at least.
    assert joined > 1
    messages = place.owner.call("GET", f"channels/{place.channel_id}/messages?limit=100").body
    kept = {message["content"] for message in messages["items"]}
    assert set(traffic.said[-20:]) <= kept


def place_says(place: Place) -> Callable[[str], Answer]:
    """How the owner says something, by whichever node."""
    return lambda text: place.say(text, by=place.owner)


def both_know(place: Place, first: AppNode, second: AppNode) -> None:
    """A change by either version is known to the other, and both count the same limit."""
    for writer, reader in ((first, second), (second, first)):
        for change, expected in ((place.give, True), (place.take, False)):
            assert place.allowed("channel.manage", reader.url) is not expected
            answer = change(writer.url)
            assert answer.status in (200, 201, 204), answer
            # Named, the change is included at once; unnamed, within the bound.
            question = {
                "permission": "channel.manage",
                "scope": "server",
                "scope_id": place.server_id,
            }
            named = place.member.call(
                "POST",
                "permissions/check",
                question,
                base=reader.url,
                position=answer.headers[POSITION],
            )
            assert named.status == 200 and named.body["allowed"] is expected, named
            wait_until(lambda: place.allowed("channel.manage", reader.url) is expected, BOUND + 10)
    began = time.monotonic()
    taken = 0
    for turn in range(10 * BURST):
        node = (first, second)[turn % 2]
        answer = place.say(f"burst {turn}", node.url, by=place.owner)
        if answer.status == 429:
            break
        assert answer.status == 201, answer
        taken += 1
    assert answer.status == 429
    assert taken <= BURST + (time.monotonic() - began) + 1
