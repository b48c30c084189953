"""Lists of networks from threat feeds, taken into the document ``threat``."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, TextIO, TypeAlias

import click

from yoto.cli.operations import command
from yoto.errors import UnknownResource, ValidationFailed
from yoto.http.operation import Author, Until
from yoto.rooms.policies import PolicyReceipt
from yoto.rooms.policies.commands.group import Comment, managing, policy, receipt_lines
from yoto.rooms.policies.tables import PolicyKind

DOCUMENT = "threat"
# Policies compare with one after the other, some 50 us each on a busy machine.
MOST_NETWORKS = 500
# The separators after a network in the lists of Spamhaus, DShield and others.
_END = re.compile(r"[\s;,#]")
LIST = click.File(encoding="utf-8")

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@command(policy, "threats <file>", receipt_lines)
def take_threats(
    file: Annotated[TextIO, LIST],
    by: Author,
    source: Annotated[str, "Whose list it is; its networks from before are replaced."],
    until: Until = None,
    comment: Comment = "",
) -> PolicyReceipt:
    """Take the networks in FILE, one a line (- for standard input), into the document threat."""
    networks = networks_of(file.read())
    with managing() as manager:
        found = manager.in_force(DOCUMENT, PolicyKind.DATA)
        if found is None:
            raise UnknownResource("document", DOCUMENT, "file")
        document = with_networks(json.loads(found.source), source, networks, until)
        return manager.put_document(DOCUMENT, document, by, comment, found.version)


def networks_of(text: str) -> list[str]:
    """The networks of a list, adjacent ones joined, IPv4 before IPv6.

    A line is a network or an address, and may go on after a blank, ``;``, ``,`` or ``#``. Empty
    lines and pure comments are left out.

    Raises:
        ValidationFailed: a line is no network or includes all addresses, or the list is empty: the
            file may be truncated. Field ``file``.
    """
    networks = list(_read(text))
    if not networks:
        raise ValidationFailed({"file": "holds no network; nothing was changed"})
    old = [one for one in networks if isinstance(one, ipaddress.IPv4Network)]
    new = [one for one in networks if isinstance(one, ipaddress.IPv6Network)]
    joined = (*ipaddress.collapse_addresses(old), *ipaddress.collapse_addresses(new))
    return [str(one) for one in joined]


def _read(text: str) -> Iterator[Network]:
    for number, line in enumerate(text.splitlines(), 1):
        network = _END.split(line.strip(), maxsplit=1)[0]
        if not network:
            continue
        try:
            found = ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise ValidationFailed({"file": f"line {number}: {network!r} is no network"}) from None
        if found.prefixlen == 0:
            raise ValidationFailed({"file": f"line {number}: {network} is every address"})
        yield found


def with_networks(
    document: Any, source: str, networks: list[str], until: datetime | None
) -> Mapping[str, Any]:
    """The document with these networks in place of the previous ones of ``source``.

    Args:
        until: the moment at which they expire; None: with the source's next list.

    Raises:
        ValidationFailed: the document would hold more than ``MOST_NETWORKS``, or has no list of
            networks now.
    """
    there = document.get("networks") if isinstance(document, dict) else None
    if not isinstance(there, list) or not all(isinstance(one, dict) for one in there):
        raise ValidationFailed({"file": "the document 'threat' has no list 'networks'; mend it"})
    kept = [one for one in there if one.get("source") != source]
    if len(kept) + len(networks) > MOST_NETWORKS:
        raise ValidationFailed(
            {
                "file": f"{len(networks)} networks, and {len(kept)} of other sources: the document "
                f"holds at most {MOST_NETWORKS}; block longer lists in a firewall"
            }
        )
    end = None if until is None else round(until.timestamp())
    added = [{"cidr": one, "source": source, "until": end} for one in networks]
    return {**document, "networks": [*kept, *added]}
