"""What is in service: what it reads, and with which documents it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from app.core.policy import Bundle
from app.core.policy.service.serving import Loaded, Serving
from app.core.policy.shadow import Shadow


@dataclass(frozen=True)
class Compiled:
    """A compiled set, as far as nobody evaluates it."""

    version: str
    reads: frozenset[str]


def loaded(name: str, *reads: str, candidate: str | None = None) -> Loaded:
    """A set with one document that is called as itself."""
    compiled: Any = Compiled(name, frozenset(reads))
    shadow = None
    if candidate is not None:
        beside: Any = Compiled(f"{name}-candidate", frozenset({candidate}))
        shadow = Shadow(1, beside, 1.0, lambda: None)
    bundle = Bundle({}, {}, {name: {}})
    return Loaded(cast(Any, None), bundle, compiled, shadow=shadow)


def test_nothing_in_service_has_no_documents_and_may_read_anything() -> None:
    nothing = Serving()
    assert nothing.answering is None
    assert (nothing.documents, nothing.reads) == ({}, frozenset({"*"}))


def test_what_is_read_is_what_any_set_or_candidate_beside_it_reads() -> None:
    serving = Serving(
        loaded=loaded("old", "context.ip", candidate="context.risk"),
        taken_out=loaded("new", "context.time"),
        previous=loaded("older", "context.device"),
    )
    assert serving.reads == {"context.ip", "context.risk", "context.time"}
    assert serving.reads is serving.reads, "it is put together once"


def test_the_documents_are_those_of_the_set_that_decides() -> None:
    old, new = loaded("old"), loaded("new")
    assert Serving(loaded=old, taken_out=new).documents.keys() == {"old"}
    assert Serving(taken_out=new, previous=old).documents.keys() == {"new"}
    assert Serving(loaded=new, previous=old).documents.keys() == {"new"}
