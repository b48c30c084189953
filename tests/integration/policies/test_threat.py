"""Networks and accounts that are listed as threats, through the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.integration.policies.conftest import Put, administer, codes, manage
from tests.support.world import Community, Person

# Epoch seconds.
ENDED, FAR = 1_577_836_800, 32_472_144_000


def threats(**lists: Any) -> dict[str, Any]:
    return {"permissions": ["admin.*", "server.*"], "networks": [], "accounts": [], **lists}


def test_nothing_is_done_from_a_listed_network_until_its_end(
    client: FlaskClient, root: Person, harbour: Community, put: Put
) -> None:
    listed = {"cidr": "203.0.113.0/24", "source": "feed", "until": None}
    put("threat", threats(networks=[listed]))
    assert codes(administer(client, root, ip="203.0.113.7")) == ["threat_network"]
    assert codes(manage(client, harbour, ip="::ffff:203.0.113.7")) == ["threat_network"]
    assert administer(client, root, ip="198.51.100.7").status_code == 200

    put("threat", threats(networks=[listed | {"until": ENDED}]))
    assert administer(client, root, ip="203.0.113.7").status_code == 200


def test_a_listed_account_does_nothing_until_its_end(
    client: FlaskClient, root: Person, harbour: Community, put: Put
) -> None:
    listed = {"id": harbour.owner.id, "source": "case 7", "until": FAR}
    put("threat", threats(accounts=[listed]))
    assert codes(manage(client, harbour)) == ["threat_account"]
    assert administer(client, root).status_code == 200

    put("threat", threats(accounts=[listed | {"until": ENDED}]))
    assert manage(client, harbour).status_code == 200


def test_an_entry_without_a_source_is_refused_by_denying(
    client: FlaskClient, root: Person, put: Put
) -> None:
    put("threat", threats(networks=[{"cidr": "203.0.113.0/24", "until": None}]))
    assert codes(administer(client, root)) == ["missing:data.threat"]


def test_a_feed_is_taken_in_at_a_terminal_and_its_next_list_replaces_it(
    app: Flask, client: FlaskClient, root: Person, put: Put, tmp_path: Path
) -> None:
    def take(text: str) -> int:
        feed = tmp_path / "feed.txt"
        feed.write_text(text)
        arguments = ["policy", "threats", str(feed), "--source", "feed", "--for", "2d"]
        return app.test_cli_runner().invoke(args=arguments).exit_code

    put("threat", threats(networks=[{"cidr": "192.0.2.0/24", "source": "case 7", "until": None}]))
    assert take("203.0.113.0/24 ; SBL1") == 0
    assert codes(administer(client, root, ip="203.0.113.7")) == ["threat_network"]
    # A feed that could not be read takes nothing away.
    assert take("") != 0
    assert codes(administer(client, root, ip="203.0.113.7")) == ["threat_network"]

    assert take("198.51.100.0/24") == 0
    assert administer(client, root, ip="203.0.113.7").status_code == 200
    for listed in ("198.51.100.7", "192.0.2.7"):
        assert codes(administer(client, root, ip=listed)) == ["threat_network"]
