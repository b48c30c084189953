"""The guide says of every secret how it is replaced."""

from __future__ import annotations

import re
from pathlib import Path

from app.settings import SETTINGS as OF_CORE
from yoto.parts.rooms import ALL, chosen

GUIDE = (Path(__file__).parents[3] / "docs" / "production.md").read_text(encoding="utf-8")
SECTION = GUIDE.split("\n## Rotation of secrets\n")[1].split("\n## ")[0]
TABLE = SECTION.split("\n### All secrets\n")[1]
SETTINGS = OF_CORE | {key: one for room in chosen(ALL) for key, one in room.keys.items()}


def test_each_secret_setting_has_a_way() -> None:
    secret = {key for key, setting in SETTINGS.items() if setting.secret}
    named = {
        name
        for line in TABLE.splitlines()
        if line.startswith("| ")
        for name in re.findall(r"`([A-Z_]+)`", line.split("|")[1])
    }
    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_PASSWORD"} < secret
    assert secret <= named
    # Any other name is a setting, too: that of a file with a key.
    assert named - secret <= set(SETTINGS)


def test_the_steps_accept_a_key_before_it_is_used() -> None:
    steps = re.findall(r"^\| (\d) \| (.*?) \| (.*?) \|", SECTION, re.M)
    plain = [(number, key.strip("*"), also.strip("*")) for number, key, also in steps]
    assert plain == [
        ("1", "old", "new"),
        ("2", "new", "old"),
        ("3", "new", "old"),
        ("4", "new", "none"),
    ]
