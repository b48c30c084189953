"""Names, texts and hashes of stored policies."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from yoto.errors import ValidationFailed
from yoto.rooms.policies.bundle import NAME, NAME_RULE

LONGEST_AUTHOR, LONGEST_COMMENT = 128, 500


def checked_name(name: object) -> str:
    """``name`` itself, if it can name a policy or a document that Rego reads as ``data.<name>``.

    Raises:
        ValidationFailed: it cannot.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValidationFailed({"name": f"must be {NAME_RULE}"})
    return name


def check_words(author: object, comment: object) -> None:
    """Raise ``ValidationFailed`` unless both are texts that fit into the record."""
    if not isinstance(author, str) or not 0 < len(author.strip()) <= len(author) <= LONGEST_AUTHOR:
        raise ValidationFailed({"author": f"must be a text of 1 to {LONGEST_AUTHOR} characters"})
    if not isinstance(comment, str) or len(comment) > LONGEST_COMMENT:
        raise ValidationFailed({"comment": f"must be a text of up to {LONGEST_COMMENT} characters"})


def document_text(value: Any) -> str:
    """A document as it is stored: JSON text that people can read.

    Raises:
        ValidationFailed: it is no JSON data.
    """
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, sort_keys=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValidationFailed({"document": f"is no JSON data: {error}"}) from None


def source_hash(source: str, tests: str = "") -> str:
    """SHA-256 of a version's texts, hexadecimal; the two cannot be confused with one another."""
    digest = hashlib.sha256()
    for text in (source, tests):
        raw = text.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()
