"""Every way to ask gives the verdict that a slow, literal reading of the rules gives.

Memory was filled from one community and the database holds another, so that an answer tells which
of the two was believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from time import monotonic, time
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import make_transient_to_detached

from app.db import init_db
from app.resources import declare_types
from tests.support.examples import drawn
from tests.unit.yoto.permission.dense import CHANNELS, SERVERS, USERS, dense_community
from tests.unit.yoto.permission.rows_to_facts import BIT, BITS, names_in, place_facts, user_facts
from tests.unit.yoto.permission.worlds import NAMES, NOW, PERMISSIONS, Rows
from yoto.cache import CacheCounts, CacheSettings, Entry, Loaded, Lookup, Position
from yoto.cache.memory import Memory
from yoto.errors import MaintenanceMode, PermissionDenied, UnknownPermission, ValidationFailed
from yoto.permission import (
    Decision,
    PermissionSystem,
    PolicyAnswer,
    PolicyQuestion,
    SuperAdminUse,
    acting_as,
    require_expression,
    require_permission,
    require_permissions,
)
from yoto.permission.caching.cached_source import CachedSource
from yoto.permission.caching.maintenance import Maintenance, MaintenanceStatus
from yoto.permission.directory import Providers
from yoto.permission.outbox.positions import set_required
from yoto.permission.outbox.watching import mark_dirty
from yoto.permission.registry.bits import SUPER
from yoto.permission.registry.expressions import compile_expression
from yoto.permission.registry.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.registry.requirement import Requirement
from yoto.permission.registry.scopes import Place, place_key
from yoto.permission.state import EXTENSION, PermissionState
from yoto.permission.verdict.abac import JudgedPlaces
from yoto.permission.verdict.resolver import MembershipStatus, Resolution, flatten, resolve
from yoto.permission.verdict.stored import to_loaded
from yoto.permission.verdict.verdict import reason_of
from yoto.permission.ways import Ways
from yoto.store.db import db
from yoto.store.models import PlatformSwitch

APPLIED = Position(100)
EVERYWHERE, SOMEWHERE = "member.kick", "message.send"  # judged by policies
STORED = [
    RegisteredPermission(number, name, BIT[name], scope, name == EVERYWHERE)
    for number, (name, scope) in enumerate(PERMISSIONS.items(), 1)
]
NAMED = {one.name: replace(one, judged=one.name == SOMEWHERE) for one in STORED}

MISSING, FRESH, SOFT, ENDED = "missing", "fresh", "soft", "ended"
ENDING, ENDING_PAST = "ends on a date", "its date is past"
CLEAN = ("no session", "no transaction", "a transaction that read")
CHANGED = ("added", "changed", "deleted", "touched")


names = st.sampled_from(NAMES)
trees = st.recursive(
    names,
    lambda inner: st.one_of(
        st.tuples(st.just("NOT"), inner),
        st.tuples(st.sampled_from(("AND", "OR")), inner, inner),
    ),
    max_leaves=4,
)


def written(tree: Any) -> str:
    """An expression; ``tree`` is one in Polish notation."""
    if isinstance(tree, str):
        return tree
    if tree[0] == "NOT":
        return f"NOT ({written(tree[1])})"
    return f"({written(tree[1])}) {tree[0]} ({written(tree[2])})"


def holds(tree: Any, held: set[str]) -> bool:
    if isinstance(tree, str):
        return tree in held
    if tree[0] == "NOT":
        return not holds(tree[1], held)
    both = [holds(part, held) for part in tree[1:]]
    return all(both) if tree[0] == "AND" else any(both)


def spoken_of(tree: Any) -> set[str]:
    return {tree} if isinstance(tree, str) else set().union(*map(spoken_of, tree[1:]))


@dataclass
class Scene:
    """The state in which a question is put.

    Attributes:
        memory, remembered: in which state an entry is in memory, and the community it tells of.
        database: the community that the database holds.
        heard: whether the log was heard lately.
        required: the position that the request brings.
        at_least: the one that the question brings.
        denied, failing: permissions that the policies deny, and whether they give no verdict.
        somewhere: whether the place is one where policies judge ``SOMEWHERE``.
    """

    remembered: Rows
    database: Rows
    denied: set[str]
    memory: str = FRESH
    heard: bool = True
    required: int | None = None
    at_least: int | None = None
    session: str = "no session"
    maintenance: bool = False
    failing: bool = False
    somewhere: bool = False
    context: dict[str, Any] | None = None
    sampled: bool = False


# Most of what may be otherwise is not, or no two things would ever meet.
DEVIATIONS: dict[str, tuple[Any, ...]] = {
    "memory": (MISSING, SOFT, ENDED, ENDING, ENDING_PAST),
    "heard": (False,),
    "required": (50, 101),
    "at_least": (50, 101),
    "session": (*CLEAN, *CHANGED),
    "maintenance": (True,),
    "failing": (True,),
    "somewhere": (True,),
    "context": ({"ip": "192.0.2.1"},),
    "sampled": (True,),
}


@st.composite
def drawn_scenes(draw: st.DrawFn) -> Scene:
    scene = Scene(
        remembered=dense_community(draw(st.integers(0, 2_000))),
        database=dense_community(draw(st.integers(0, 2_000))),
        denied=draw(st.sets(names, max_size=4)),
    )
    for name in draw(st.sets(st.sampled_from(sorted(DEVIATIONS)), max_size=2)):
        setattr(scene, name, draw(st.sampled_from(DEVIATIONS[name])))
    return scene


scenes = drawn_scenes()
places = st.sampled_from(
    [Place("global"), *(Place("server", one) for one in SERVERS)]
    + [Place("channel", one) for one in CHANNELS]
)
users = st.sampled_from((*USERS, *USERS, 99))


@dataclass
class Heard:
    """The questions, uses and records that were noted."""

    uses: list[str] = field(default_factory=list)
    records: list[tuple[str, bool]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


def resolved(rows: Rows, user_id: int, place: Place) -> Resolution:
    facts = user_facts(rows, user_id, place.kind, place.id)
    return resolve(flatten(place_facts(rows, place.kind, place.id), BITS), facts, NOW, BITS)


def loaded(rows: Rows, user_id: int, place: Place) -> Loaded:
    facts = user_facts(rows, user_id, place.kind, place.id)
    found = to_loaded(resolved(rows, user_id, place), facts, (), ())
    return replace(found, valid_until=None)


# --- the literal reading


def believed(scene: Scene, user_id: int, place: Place) -> Resolution:
    """By what a question is to be judged."""
    behind = max(scene.required or 0, scene.at_least or 0) > APPLIED
    usable = scene.memory in (FRESH, SOFT, ENDING)
    if usable and scene.heard and not behind and scene.session not in CHANGED:
        return resolved(scene.remembered, user_id, place)
    return resolved(scene.database, user_id, place)


def after_policies(scene: Scene, resolution: Resolution, asked: set[str]) -> set[str] | None:
    """The held names that policies leave; None: they gave no verdict."""
    held = names_in(resolution.mask)
    judged = {
        name
        for name in held & asked
        if name == EVERYWHERE
        or scene.context is not None
        or (name == SOMEWHERE and scene.somewhere)
    }
    return None if judged and scene.failing else held - (judged & scene.denied)


def literal_verdict(scene: Scene, user_id: int, tree: Any, place: Place) -> tuple[bool, bool]:
    """Whether it is allowed, and whether only because somebody is a super-admin."""
    resolution = believed(scene, user_id, place)
    held = after_policies(scene, resolution, spoken_of(tree))
    if resolution.status <= MembershipStatus.DISABLED or held is None or not holds(tree, held):
        return False, False
    return True, not holds(tree, held & names_in(resolution.ordinary))


# --- the application around


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("one way")
    declare_types(app)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    init_db(app)
    PermissionSystem().init_app(app)
    return app


@contextmanager
def staged(app: Flask, scene: Scene, user_id: int, place: Place) -> Iterator[Heard]:
    """``app`` as the scene has it, within an app context."""
    heard = Heard()
    tailer: Any = SimpleNamespace(
        applied=APPLIED, fresh_until=monotonic() + 60 if scene.heard else 0.0
    )
    memory = Memory(CacheSettings())
    remember(memory, scene, user_id, place)
    registry = PermissionRegistry(lambda: list(STORED), judged=[SOMEWHERE])

    def get_or_load(user: int, key: int, loader: Any, needed: Any) -> tuple[Entry, str]:
        slot = memory.slot(user, key) if scene.heard and (needed or 0) <= APPLIED else None
        if slot is not None:
            return slot.entry, "l1"
        return Entry.of(user, key, APPLIED, time(), loader()), "db"

    cache: Any = SimpleNamespace(
        tailer=tailer, lookup=Lookup(memory, tailer, CacheCounts()), get_or_load=get_or_load
    )
    database: Any = SimpleNamespace(load=lambda user, at: resolved(scene.database, user, at))
    providers = Providers(app, time)
    ways = Ways(registry, time)
    source = CachedSource(
        registry, time, cache, None, database, providers, ways  # type: ignore[arg-type]
    )
    source._load = lambda user, at: loaded(scene.database, user, at)  # type: ignore[method-assign]
    maintenance = Maintenance(
        app, None, time, lambda event: None, hears=lambda: True  # type: ignore[arg-type]
    )
    maintenance.believe(MaintenanceStatus(scene.maintenance))
    caching: Any = SimpleNamespace(
        source=source,
        cache=cache,
        maintenance=maintenance,
        start=lambda: None,
        start_threads=lambda: None,
    )

    def policy(question: PolicyQuestion) -> PolicyAnswer:
        heard.asked.append(question.permission)
        if scene.failing:
            raise RuntimeError("no verdict")
        return PolicyAnswer(question.permission not in scene.denied, "policy")

    def report(use: SuperAdminUse) -> None:
        heard.uses.append(use.permission)

    def take(user: int, asked: str, operator: Any, at: Place, made: Decision, *_: Any) -> None:
        assert (user, at) == (user_id, place)
        heard.records.append((asked, made.allowed))

    state = PermissionState(
        registry=registry,
        reader=None,  # type: ignore[arg-type]
        source=source,
        subject_loader=None,
        policy=policy,
        clock=time,
        on_super_admin_use=report,
        caching=caching,
        remembered=source.remembered,
        records=SimpleNamespace(picks=lambda: scene.sampled, take=take),  # type: ignore[arg-type]
        judged=JudgedPlaces(
            "channel",
            frozenset({SOMEWHERE}),
            lambda at: scene.somewhere,
            lambda among: frozenset(among if scene.somewhere else ()),
            None,  # type: ignore[arg-type]
        ),
    )
    with ExitStack() as stack:
        stack.enter_context(app.app_context())
        stack.enter_context(pytest.MonkeyPatch.context()).setitem(app.extensions, EXTENSION, state)
        required = None if scene.required is None else Position(scene.required)
        token = set_required(required)
        stack.callback(token.var.reset, token)
        use_session(scene.session)
        yield heard


def remember(memory: Memory, scene: Scene, user_id: int, place: Place) -> None:
    if scene.memory == MISSING:
        return
    key = place_key(place)
    entry = Entry.of(user_id, key, APPLIED, time(), loaded(scene.remembered, user_id, place))
    if scene.memory in (ENDING, ENDING_PAST):
        entry = replace(entry, valid_until=time() + 3600)
    assert memory.remember(entry)
    slot = memory.users.slot(user_id, key) or memory.conditional.slot(user_id, key)
    assert slot is not None
    if scene.memory == ENDING_PAST:
        slot.entry = replace(entry, valid_until=time() - 1)
    elif scene.memory in (SOFT, ENDED):
        slot.fresh_until = 0.0
        slot.usable_until = slot.usable_until if scene.memory == SOFT else 0.0


def use_session(state: str) -> None:
    """Bring the session of the context into a state, without a statement that needs a table."""
    if state == "no session":
        return
    session = db.session()
    if state == "no transaction":
        return
    session.execute(select(1))
    switch = PlatformSwitch(name="maintenance")
    if state == "added":
        session.add(switch)
    elif state == "touched":
        mark_dirty(session, "user:1")
    else:
        make_transient_to_detached(switch)
        session.add(switch)
        if state == "changed":
            switch.enabled = True
        elif state == "deleted":
            session.delete(switch)


def verdict_of(ask: Any) -> Any:
    try:
        return ask()
    except PermissionDenied as denied:
        return denied.decision
    except (MaintenanceMode, ValidationFailed) as error:
        return type(error), tuple(getattr(error, "errors", ()))


def guarded(decorator: Any, user_id: int, place: Place) -> bool:
    @decorator
    def view(place_id: int | None) -> bool:
        return True

    with acting_as(user_id):
        return bool(view(place.id))


def where(place: Place) -> dict[str, Any]:
    return {} if place.id is None else {"scope": place.kind, "scope_id": "place_id"}


system = PermissionSystem()


@drawn(200)
@given(scenes, users, names, places)
def test_one_permission(app: Flask, scene: Scene, user_id: int, name: str, place: Place) -> None:
    ask_every_way(app, scene, user_id, name, place)


@pytest.mark.parametrize(
    ("name", "value"), [(name, one) for name, values in DEVIATIONS.items() for one in values]
)
def test_each_thing_alone_that_may_be_otherwise(app: Flask, name: str, value: Any) -> None:
    for seed in range(12):
        scene = Scene(dense_community(seed), dense_community(seed + 100), set(NAMES[seed % 3 :]))
        setattr(scene, name, value)
        user_id, place = 1 + seed % len(USERS), Place("channel", 1 + seed % len(CHANNELS))
        for permission in ("channel.read", SOMEWHERE, EVERYWHERE):
            ask_every_way(app, scene, user_id, permission, place)


def ask_every_way(app: Flask, scene: Scene, user_id: int, name: str, place: Place) -> None:
    at_least = None if scene.at_least is None else str(Position(scene.at_least))
    question = user_id, name, place.kind, place.id, scene.context, at_least
    closed = scene.maintenance and not name.startswith("platform.")
    allowed, as_super_admin = literal_verdict(scene, user_id, name, place)
    expected_records = [(name, allowed)] if scene.sampled or not allowed else []

    with staged(app, scene, user_id, place) as heard:
        decision = verdict_of(lambda: system.decide(*question))
        if closed:
            assert decision == (MaintenanceMode, ()) and heard == Heard()
        else:
            assert decision.allowed == allowed
            assert heard.uses == ([name] if as_super_admin else [])
            assert heard.records == expected_records
            resolution = believed(scene, user_id, place)
            if not heard.asked or decision.allowed:
                assert decision.reason == reason_of(resolution, NAMED[name])

    with staged(app, scene, user_id, place) as heard:
        answer = verdict_of(lambda: system.check_permission(*question))
        if closed:
            assert answer == (MaintenanceMode, ()) and heard == Heard()
        else:
            assert answer is allowed
            assert heard.uses == ([name] if as_super_admin else [])
            assert heard.records == expected_records

    # These ways know no context of a question, and no position but the request's.
    plain = replace(scene, context=None, at_least=None)
    allowed, as_super_admin = literal_verdict(plain, user_id, name, place)
    expected_records = [(name, allowed)] if scene.sampled or not allowed else []
    with staged(app, plain, user_id, place) as heard:
        decorator = require_permission(name, **where(place))
        answer = verdict_of(lambda: guarded(decorator, user_id, place))
        if closed:
            assert answer == (MaintenanceMode, ())
        else:
            assert (answer is True) == allowed
            assert heard.uses == ([name] if as_super_admin else [])
            assert heard.records == expected_records
    with staged(app, plain, user_id, place) as heard:
        answer = verdict_of(lambda: system.check_many(user_id, [(name, place.kind, place.id)]))
        assert answer == ((MaintenanceMode, ()) if scene.maintenance else [allowed])
        assert heard.uses == heard.records == []


@drawn(150)
@given(scenes, users, trees, places)
def test_a_condition_over_several(
    app: Flask, scene: Scene, user_id: int, tree: Any, place: Place
) -> None:
    text = written(tree)
    scene = replace(scene, at_least=None)
    allowed, as_super_admin = literal_verdict(scene, user_id, tree, place)
    with staged(app, scene, user_id, place) as heard:
        where_to = place.kind, place.id, scene.context
        decision = verdict_of(lambda: system.decide_expression(user_id, text, *where_to))
        if scene.maintenance:
            assert decision == (MaintenanceMode, ()) and heard == Heard()
        else:
            assert decision.allowed == allowed
            assert heard.uses == ([text] if as_super_admin else [])
            assert heard.records == ([(text, allowed)] if scene.sampled or not allowed else [])

    plain = replace(scene, context=None)
    allowed, as_super_admin = literal_verdict(plain, user_id, tree, place)
    closed = scene.maintenance and not all(name.startswith("platform.") for name in spoken_of(tree))
    with staged(app, plain, user_id, place) as heard:
        decorator = require_expression(text, **where(place))
        answer = verdict_of(lambda: guarded(decorator, user_id, place))
        if closed:
            assert answer == (MaintenanceMode, ())
        else:
            assert (answer is True) == allowed
            assert heard.uses == ([text] if as_super_admin else [])


@drawn(200)
@given(
    scenes,
    users,
    st.lists(names, min_size=1, max_size=3, unique=True),
    st.sampled_from(("AND", "OR", "NOT")),
    places,
)
def test_several_permissions(
    app: Flask, scene: Scene, user_id: int, several: list[str], op: str, place: Place
) -> None:
    scene = replace(scene, at_least=None, context=None)
    tree: Any = several[0]
    for name in several[1:]:
        tree = ("OR" if op == "NOT" else op, tree, name)
    tree = ("NOT", tree) if op == "NOT" else tree
    allowed, as_super_admin = literal_verdict(scene, user_id, tree, place)
    closed = scene.maintenance and not all(name.startswith("platform.") for name in several)
    with staged(app, scene, user_id, place) as heard:
        decorator = require_permissions(several, op, **where(place))
        answer = verdict_of(lambda: guarded(decorator, user_id, place))
        if closed:
            assert answer == (MaintenanceMode, ())
        else:
            assert (answer is True) == allowed
            assert len(heard.uses) == as_super_admin


@drawn(500)
@given(st.integers(0, 2_000).map(dense_community), users, trees, places)
def test_what_flags_and_bits_allow_is_what_roles_alone_allow(
    rows: Rows, user_id: int, tree: Any, place: Place
) -> None:
    registry = PermissionRegistry(lambda: list(STORED))
    condition = registry.bind(Requirement(compile_expression(written(tree))))
    resolution = resolved(rows, user_id, place)
    by_roles = resolution.status > MembershipStatus.DISABLED and holds(
        tree, names_in(resolution.ordinary)
    )
    mask = loaded(rows, user_id, place).mask
    met = condition.is_met_by(mask)
    # Whether a super-admin has it by roles too, as an owner may, is for the long way to tell.
    plainly = resolution.ordinary and resolution.mask == resolution.ordinary and not mask & SUPER
    assert met == by_roles if plainly else not met or by_roles
    if resolution.mask != resolution.ordinary:
        # A super-admin has what a NOT excludes.
        assert not met or holds(tree, names_in(resolution.mask))


# Each with the field that an error names.
WRONG = (
    ({"user_id": "2"}, "user_id"),
    ({"user_id": True}, "user_id"),
    ({"user_id": 0}, "user_id"),
    ({"user_id": 2**63}, "user_id"),
    ({"permission": "no.such"}, "permission"),
    ({"permission": "no name"}, "permission"),
    ({"permission": None}, "permission"),
    ({"permission": ["message.send"]}, "permission"),
    ({"scope": "galaxy"}, "scope"),
    ({"scope": ["channel"]}, "scope"),
    ({"scope": None}, "scope_id"),
    ({"scope_id": None}, "scope_id"),
    ({"scope_id": "1"}, "scope_id"),
    ({"scope_id": True}, "scope_id"),
    ({"scope_id": 1.0}, "scope_id"),
    ({"scope_id": 0}, "scope_id"),
    ({"scope_id": 2**63}, "scope_id"),
)


@drawn(150)
@given(scenes, st.sampled_from(WRONG), st.sampled_from(("channel", "server")))
def test_what_is_wrong_is_an_error_whatever_memory_has(
    app: Flask, scene: Scene, wrong: tuple[dict[str, Any], str], kind: str
) -> None:
    fields, about = wrong
    question = {"user_id": 1, "permission": "channel.read", "scope": kind, "scope_id": 1} | fields
    error = UnknownPermission if fields == {"permission": "no.such"} else ValidationFailed
    expected = (MaintenanceMode, ()) if scene.maintenance else (error, (about,))
    for ask in (system.decide, system.check_permission):
        with staged(app, scene, 1, Place(kind, 1)) as heard:
            assert verdict_of(lambda ask=ask: ask(**question)) == expected
            assert heard == Heard()
