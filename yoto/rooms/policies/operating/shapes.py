"""Parameters and results of operations on policies, beside those of the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Annotated, Any, Literal, TypedDict

import marshmallow as ma
from marshmallow.validate import Length

from yoto.http.fields import Facts
from yoto.http.shapes import Between
from yoto.rooms.policies import (
    BeforeAndAfter,
    PolicyDryRun,
    PolicyReceipt,
    PolicyWarning,
    StoredVersion,
    Version,
    VersionTexts,
)
from yoto.rooms.policies.store.reading import DiffLine

# Names of classes in the API document, where they differ.
NAMES: Mapping[type, str] = {
    BeforeAndAfter: "Given",
    PolicyDryRun: "Rehearsal",
    PolicyReceipt: "Receipt",
    PolicyWarning: "Warning",
    VersionTexts: "PolicyVersion",
}
SOURCE_LENGTH = 200_000  # characters
# A whole input: the context from a caller, and the facts that the platform adds to it.
INPUT_BYTES, INPUT_DEPTH = 32_000, 12


class Source(ma.fields.String):
    """A text that is stored as it is; characters that no database can store are refused."""

    default_error_messages = {"characters": "NUL and lone surrogates are not allowed."}

    def __init__(self, min_length: int = 0, **options: Any) -> None:
        super().__init__(validate=Length(min_length, SOURCE_LENGTH), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            raise self.make_error("characters")
        return text.replace("\r\n", "\n")


REGO, TESTS = partial(Source, 1), partial(Source)
Rego = Annotated[str, REGO, "Rego"]
Tests = Annotated[str, TESTS, "Its own Rego tests"]
Input = Annotated[
    dict[str, Any] | None,
    partial(Facts, most=INPUT_BYTES, depth=INPUT_DEPTH),
    "One more input to answer",
]
Number = Annotated[int, Between(1, 2**31 - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentVersion(Version):
    """One version of a document."""

    document: Annotated[Any | None, "The JSON value"]


class Diff(TypedDict):
    """Where two versions differ; empty lists: nowhere."""

    name: str
    old: int
    new: int
    source: Sequence[DiffLine]
    tests: Sequence[DiffLine]


class Use(TypedDict):
    """A policy's use in the worker that answers, since it loaded this version."""

    denies: Annotated[Mapping[str, int], "Denials by the codes that this policy gives"]
    latency: Annotated[Mapping[str, Any] | None, "Null: not measured yet"]
    rules: int | None
    source_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPolicy(Version):
    """An active policy."""

    candidate_version: int | None
    unacknowledged: Annotated[
        bool, "Reads `input.subject.id`, and is from when that was a number of the platform's"
    ]
    use: Annotated[Use | None, "Null: unknown"]


class Engine(TypedDict):
    """The engine that decides in the worker that answers."""

    instance: str
    engine: str
    runs_on: Annotated[str, "The library with its version, or the server's address"]
    state: Literal["ok", "unavailable", "unknown"]
    detail: str
    latency_ms: float | None
    bundle: Annotated[str | None, "The set that decides; null: every decision is a denial"]
    taken_out: str | None
    revision: int | None
    wanted: int | None
    error: Annotated[str | None, "Why what is wanted is not loaded; null: it is"]
    evaluations: int
    errors: int
    denies: int


class Policies(TypedDict):
    """The active policies."""

    engine: Engine
    items: Sequence[ListedPolicy]


class Documents(TypedDict):
    """The active data documents."""

    items: Sequence[Version]


def listed(found: StoredVersion) -> Mapping[str, Any]:
    """The fields of a version that a list shows."""
    return {one.name: getattr(found, one.name) for one in fields(Version)}
