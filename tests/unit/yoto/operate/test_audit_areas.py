"""Acts that the code records are in an area of the audit page, or are what members say and make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import app
import yoto
from yoto.auth.failed_sign_ins import Failure
from yoto.operate.audit import AREAS

# Found under everything alone: on a busy day they bury the rest.
OF_MEMBERS = (
    "category.",
    "channel.create",
    "channel.delete",
    "channel.move",
    "channel.update",
    "invite.",
    "member.join",
    "member.leave",
    "member.nickname",
    "message.",
    "server.create",
    "server.delete",
    "server.update",
)
SOURCES = [
    path.read_text()
    for package in (app, yoto)
    for path in Path(package.__file__).parent.rglob("*.py")
]
ACTS = {act for source in SOURCES for act in re.findall(r'\brecord_audit\(\s*"([a-z_.]+)"', source)}


def test_acts_are_found_in_the_source() -> None:
    assert {"channel.create", "api_token.make", "second_factor.remove"} <= ACTS


@pytest.mark.parametrize("act", sorted(ACTS | set(Failure)))
def test_an_act_is_in_an_area(act: str) -> None:
    areas = {name for name, families in AREAS.items() if act.startswith(families)}
    assert bool(areas) is not act.startswith(OF_MEMBERS), areas


@pytest.mark.parametrize("act", [*Failure, "api_token.make", "second_factor.enroll"])
def test_credentials_and_failed_tries_are_among_the_sign_ins(act: str) -> None:
    assert act.startswith(AREAS["sign_ins"])
