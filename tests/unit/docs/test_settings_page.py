"""The page of settings is what the declarations say, and each of them says something."""

from __future__ import annotations

import config
from tests.support.settings_page import PAGE, page
from yoto.logs import FORMATS, LEVELS
from yoto.parts.rooms import ALL, chosen
from yoto.rooms.queues.invalidation import Strategy
from yoto.settings import declared

SETTINGS = declared(config.Base) | {
    key: setting for room in chosen(ALL) for key, setting in room.keys.items()
}


def test_the_page_is_made_of_the_declarations() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_key_has_a_meaning_and_a_default_that_its_rule_allows() -> None:
    for key, setting in SETTINGS.items():
        assert setting.meaning.endswith("."), key
        assert "|" not in setting.meaning, key
        assert setting.checked(key, setting.default) == setting.default, key


def test_choices_are_those_that_the_code_knows() -> None:
    for key, known in {
        "LOG_LEVEL": LEVELS,
        "LOG_FORMAT": FORMATS,
        "INVALIDATION_STRATEGY": ("by_analysis", *Strategy),
    }.items():
        assert SETTINGS[key].rule.describe()["choices"] == list(known), key
