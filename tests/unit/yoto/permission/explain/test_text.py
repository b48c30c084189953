"""Every code that a default policy can give says something in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from yoto.permission.explain.text import LANGUAGES, text_of, texts

POLICIES = Path(__file__).parents[5] / "yoto" / "policies"
CODE = re.compile(r'(?:deny|_problems|_found) contains (?:sprintf\()?"([a-z_]+)(?::[a-z_.%]+)?"')


def default_codes() -> set[str]:
    sources = [file for file in POLICIES.glob("*.rego") if not file.stem.endswith("_test")]
    return {code for file in sources for code in CODE.findall(file.read_text())}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_text(language: str) -> None:
    codes = default_codes()
    assert len(codes) > 12
    assert codes <= texts(language).keys()


def test_the_languages_have_the_same_codes() -> None:
    assert texts("en").keys() == texts("zh").keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_missing_is_named(language: str) -> None:
    assert "context.ip" in text_of("missing:context.ip", language)


def test_a_code_without_a_text_stands_for_itself() -> None:
    assert text_of("full_moon") == "full_moon"
    assert text_of("full_moon:{oops}") == "full_moon:{oops}"


def test_a_language_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="'fr'"):
        texts("fr")
