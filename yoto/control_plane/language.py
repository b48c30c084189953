"""The languages of the pages: a folder of catalogues each, with the same keys."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from flask import g, request

from yoto.control_plane.choice import Choice

LANGUAGES = {"en": "English", "zh": "中文"}
DEFAULT_LANGUAGE = "en"
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
        areas.cache_clear()
        catalogue.cache_clear()


def current_language() -> str:
    """The language in the address, else the one chosen before, else the browser's preference."""
    return CHOICE.chosen() or request.accept_languages.best_match(LANGUAGES) or DEFAULT_LANGUAGE


def translate(key: str, **values: object) -> str:
    """The text of ``key`` in the language of this request, filled with ``values``.

    Raises:
        KeyError: no catalogue has the key.
    """
    if "language" not in g:
        g.language = current_language()
    return catalogue(g.language)[key].format(**values)


@lru_cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language."""
    return {key: text for texts in areas(language).values() for key, text in texts.items()}


@lru_cache
def areas(language: str) -> dict[str, dict[str, str]]:
    """The texts of a language by area; an area is a file's name."""
    found = sorted(
        (file for folder in _folders for file in (folder / language).glob("*.json")),
        key=lambda file: file.name,
    )
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in found}


def texts_of(language: str, names: Iterable[str]) -> dict[str, str]:
    """The texts of the areas ``names``.

    Raises:
        KeyError: there is no such area.
    """
    every = areas(language)
    return {key: text for name in names for key, text in every[name].items()}
