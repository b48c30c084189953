"""The texts of denial codes for people, in English and Chinese."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

LANGUAGES = ("en", "zh")
TEXTS = "yoto.permission.explain"
MISSING = "missing"
SEPARATOR = ":"


@cache
def texts(language: str) -> dict[str, str]:
    """Code to text; of codes like ``missing:context.ip`` only the part before the colon.

    Raises:
        ValueError: there are none in that language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"there are no texts in {language!r}")
    file = resources.files(TEXTS) / "texts" / f"{language}.json"
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return found


def text_of(code: str, language: str = "en") -> str:
    """The text of a code; a code without a text stands for itself."""
    name, _, field = code.partition(SEPARATOR)
    text = texts(language).get(name)
    return code if text is None else text.format(field=field)
