"""Reading lists of networks, and what they leave of the document."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from yoto.errors import ValidationFailed
from yoto.rooms.policies.commands.threats import MOST_NETWORKS, networks_of, with_networks

OURS = {"cidr": "192.0.2.0/24", "source": "case 7", "until": None}
OLD = {"cidr": "198.51.100.0/24", "source": "drop", "until": None}


def document(*networks: Any) -> dict[str, Any]:
    return {"permissions": ["*"], "networks": list(networks), "accounts": [{"id": 3}]}


def test_lists_of_several_publishers_are_read() -> None:
    text = """; Spamhaus DROP List
198.51.100.0/24 ; SBL256894
# a comment

203.0.113.7\t24\tattacks
203.0.113.9/31,AS64500
2001:db8::/33
2001:db8:8000::/33
"""
    assert networks_of(text) == [
        "198.51.100.0/24",
        "203.0.113.7/32",
        "203.0.113.8/31",
        "2001:db8::/32",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no network"),
        ("# only this\n", "holds no network"),
        ("192.0.2.1\n<html>", "line 2: '<html>' is no network"),
        ("0.0.0.0/0", "line 1: 0.0.0.0/0 is every address"),
        ("::/0", "line 1: ::/0 is every address"),
    ],
)
def test_what_is_no_list_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        networks_of(text)
    assert says in str(refused.value.errors["file"])


def test_a_list_replaces_what_its_source_had_and_nothing_else() -> None:
    until = datetime(2026, 12, 2, tzinfo=UTC)
    made = with_networks(document(OURS, OLD), "drop", ["203.0.113.0/24"], until)
    added = {"cidr": "203.0.113.0/24", "source": "drop", "until": 1_796_169_600}
    assert made == document(OURS, added)


def test_a_document_holds_no_more_than_policies_can_look_at() -> None:
    many = [f"10.0.{n // 256}.{n % 256}/32" for n in range(MOST_NETWORKS)]
    assert len(with_networks(document(OLD), "drop", many, None)["networks"]) == MOST_NETWORKS
    with pytest.raises(ValidationFailed, match="firewall"):
        with_networks(document(OURS), "drop", many, None)


@pytest.mark.parametrize("wrong", [[], {"networks": None}, {"networks": ["192.0.2.0/24"]}])
def test_a_wrong_document_is_not_made_right_by_a_list(wrong: Any) -> None:
    with pytest.raises(ValidationFailed, match="mend it"):
        with_networks(wrong, "drop", ["203.0.113.0/24"], None)
