"""The set in service: what it reads, and with which documents it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from yoto.rooms.policies import Bundle
from yoto.rooms.policies.partial import Topic
from yoto.rooms.policies.service.serving import Loaded, Serving
from yoto.rooms.policies.shadow import Shadow


@dataclass(frozen=True)
class Compiled:
    """A compiled set, as far as nobody evaluates it."""

    version: str
    reads: frozenset[str]
    reduced: frozenset[str] | None = None

    def about(self, topic: Topic | None) -> Compiled:
        return self if self.reduced is None else Compiled(self.version, self.reduced)


SEND = Topic("message.send", ("*", "message.send"), "channel")


def loaded(
    name: str, *reads: str, candidate: str | None = None, reduced: frozenset[str] | None = None
) -> Loaded:
    """A set with one document that is called as itself; its rest reads ``reduced``."""
    compiled: Any = Compiled(name, frozenset(reads), reduced)
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


def test_what_a_topic_needs_is_what_is_left_of_the_set_and_all_that_others_beside_it_read() -> None:
    left = frozenset({"context.ip"})
    alone = loaded("set", "context.ip", "context.time", reduced=left)
    assert Serving(loaded=alone).reads_about(SEND) == left
    assert Serving(loaded=alone).reads_about(None) == {"context.ip", "context.time"}

    watched = Serving(
        loaded=loaded("set", "context.ip", "context.time", candidate="context.risk", reduced=left),
        taken_out=loaded("new", "context.device", reduced=frozenset()),
    )
    assert watched.reads_about(SEND) == {"context.ip", "context.risk", "context.device"}
    assert watched.reads_about(SEND) is watched.reads_about(SEND), "it is put together once"
    assert Serving(taken_out=alone).reads_about(SEND) == {"context.ip", "context.time"}
    assert Serving().reads_about(SEND) == {"*"}


def test_decisions_about_two_topics_are_never_taken_for_one() -> None:
    one = loaded("set", "context.ip", "action.name", reduced=frozenset({"context.ip"}))
    plan = one.plan_of(one.compiled.about(SEND))
    assert plan is not None and plan is one.plan_of(one.compiled.about(SEND))
    keys = {
        plan.key({**topic.document, "context": {"ip": "::1"}}, {})
        for topic in (SEND, SEND._replace(name="a"), SEND._replace(names=("a",)))
    }
    assert len(keys) == 3

    whole = one.plan_of(one.compiled)
    assert whole is not None and whole.paths == (("action", "name"), ("context", "ip"))
