"""The languages of the pages: a folder of catalogues each, with the same keys.

Texts of a room are in its own folders ``locale/LANGUAGE``, and there only where it is on. A file of
the name of another area, such as ``events.json``, adds to that area.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from flask import current_app, g, has_app_context, request

from yoto.control_plane.choice import Choice
from yoto.room import rooms_of

LANGUAGES = {"en": "English", "zh": "中文"}
DEFAULT_LANGUAGE = "en"
# The largest unit that fits once, from the smallest up; the page's script uses the same ones.
UNITS = (("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86400))
# As HTML's lang attribute wants it (BCP 47).
LANGUAGE_TAGS = {"en": "en", "zh": "zh-Hans"}
COOKIE = "yoto_language"
CHOICE = Choice("lang", COOKIE, LANGUAGES)
# Folders with a folder of catalogues for each language: the platform's, and an application's.
_folders = [Path(__file__).parent / "locale"]


def add_texts(folder: Path) -> None:
    """Add a folder of texts, for pages of an application that are made like the platform's.

    Args:
        folder: has a folder for each of ``LANGUAGES``; its areas have names of their own.
    """
    if folder not in _folders:
        _folders.append(folder)


def current_language() -> str:
    """The language in the address, else the one chosen before, else the browser's preference."""
    return CHOICE.chosen() or request.accept_languages.best_match(LANGUAGES) or DEFAULT_LANGUAGE


def translate(key: str, **values: object) -> str:
    """The text of ``key`` in the language of this request, filled with ``values``.

    Raises:
        KeyError: no catalogue has the key.
    """
    if "texts" not in g:
        g.texts = catalogue(current_language())
    return g.texts[key].format(**values)  # type: ignore[no-any-return]


def catalogue(language: str) -> dict[str, str]:
    """All texts of a language, those of rooms only where the current application has them."""
    return _read(language, _folders_here())[1]


def areas(language: str) -> dict[str, dict[str, str]]:
    """The same by area; an area is a file's name."""
    return _read(language, _folders_here())[0]


def texts_of(language: str, names: Iterable[str]) -> dict[str, str]:
    """The texts of the areas ``names``; an area of a room that is off has none."""
    every = areas(language)
    return {key: text for name in names for key, text in every.get(name, {}).items()}


def _folders_here() -> tuple[Path, ...]:
    rooms = rooms_of(current_app) if has_app_context() else ()
    return (*_folders, *(one.folder / "locale" for one in rooms))


@lru_cache
def _read(
    language: str, folders: tuple[Path, ...]
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """The texts by area, and all together."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(
        (file for folder in folders for file in (folder / language).glob("*.json")),
        key=lambda file: file.name,
    ):
        found.setdefault(file.stem, {}).update(json.loads(file.read_text(encoding="utf-8")))
    return found, {key: text for texts in found.values() for key, text in texts.items()}


def age(at: datetime, now: datetime) -> str:
    """The age at ``now`` of a fact from ``at``, in words."""
    return duration((now - at).total_seconds())


def duration(seconds: float) -> str:
    """A length of time in the largest unit that fits into it, rounded down."""
    name, size = _unit(seconds)
    return translate(f"unit.{name}", n=max(0, int(seconds // size)))


def wait(seconds: float) -> str:
    """A time to wait, rounded up: a caller who returns then must not be too early."""
    name, size = _unit(seconds)
    return translate(f"unit.{name}", n=max(1, math.ceil(seconds / size)))


def _unit(seconds: float) -> tuple[str, int]:
    return next((unit for unit in reversed(UNITS) if seconds >= unit[1]), UNITS[0])
