"""The questions that can be put to a permission system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yoto.errors import UnknownResource, ValidationFailed
from yoto.nodes import GLOBAL_KIND, NodeId
from yoto.permission.checking.asking import (
    allowed_by_policies,
    ask_policies,
    batches_of,
    taking_turns,
)
from yoto.permission.checking.deciding import decide
from yoto.permission.loading import Site, load_places, load_sites
from yoto.permission.loading.finding import named_home
from yoto.permission.loading.sites import ids_below
from yoto.permission.loading.source import reading
from yoto.permission.outbox.watching import in_change
from yoto.permission.people.numbers import SubjectId, number_of, numbers_of, person_number
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.registry.bits import SUPER
from yoto.permission.registry.expressions import compile_expression
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.requirement import Requirement
from yoto.permission.registry.scopes import Place, parse_key, parse_place, place_of_text
from yoto.permission.state import PermissionState, get_state, get_state_for, get_state_to_ask
from yoto.permission.verdict.abac import PolicyBatch
from yoto.permission.verdict.resolver import Resolution, flatten, resolve
from yoto.permission.verdict.verdict import Decision
from yoto.store.db import db
from yoto.store.resources import known_types

Check = tuple[str, str | None, NodeId | None]


class Checks:
    """Checks of one person, of many, and of all nodes below one. Errors that they share:

    Raises:
        ValidationFailed: a wrong scope, an id that its type does not have, or a context that is too
            large, by field.
        UnknownPermission: the permission is not registered.
        UnknownResource: the place does not exist.
        StoreUnavailable: the database did not answer.
        RuntimeError: there is no app context.
    """

    def check_permission(
        self,
        user_id: SubjectId,
        permission: str,
        scope: str | None = None,
        scope_id: NodeId | None = None,
        context: Mapping[str, Any] | None = None,
        at_least: str | None = None,
    ) -> bool:
        """Whether the user has the permission there, now. Arguments as in ``decide``."""
        state = get_state_to_ask(permission)
        key, asked = parse_key(scope, scope_id), state.registry.get(permission)
        user_id = number_of(user_id)
        return decide(state, user_id, asked, key, context, at_least, False).allowed

    def decide(
        self,
        user_id: SubjectId,
        permission: str,
        scope: str | None = None,
        scope_id: NodeId | None = None,
        context: Mapping[str, Any] | None = None,
        at_least: str | None = None,
    ) -> Decision:
        """The verdict with its reason. A user who does not exist is denied, not an error.

        Args:
            scope: ``"global"`` (also None), or a type of resources, with its id.
            context: facts about the request for the policy engine; giving any makes it take part.
                At most ``CONTEXT_BYTES`` of JSON, ``CONTEXT_DEPTH`` deep.
            at_least: a position from a write that the verdict must include.
        """
        state = get_state_to_ask(permission)
        key, asked = parse_key(scope, scope_id), state.registry.get(permission)
        user_id = number_of(user_id)
        return decide(state, user_id, asked, key, context, at_least)

    def is_requestable(
        self, user_id: SubjectId, permission: str, scope: str, scope_id: NodeId, reason: str
    ) -> bool:
        """Whether somebody who was denied for that reason may ask for the permission there.

        Only what a role could change: not the end of a time-out, nor the consent of a policy.
        """
        place = parse_place(scope, scope_id)
        return get_state().may_ask(number_of(user_id), permission, place, reason)

    def decide_expression(
        self,
        user_id: SubjectId,
        expression: str,
        scope: str | None = None,
        scope_id: NodeId | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Decision:
        """The verdict on an expression of permissions."""
        state = get_state()
        key = parse_key(scope, scope_id)
        asked = state.registry.asked(Requirement(compile_expression(expression)))
        user_id = number_of(user_id)
        return decide(state, user_id, asked, key, context)

    def effective(
        self, user_id: SubjectId, scope: str | None = None, scope_id: NodeId | None = None
    ) -> Resolution:
        """All effective permissions of the user there, as a mask; policies are not asked."""
        place = parse_place(scope, scope_id)
        user_id = number_of(user_id)
        return get_state().source.load(user_id, place)

    def effective_permissions(
        self, user_id: SubjectId, scope: str | None = None, scope_id: NodeId | None = None
    ) -> list[str]:
        """The names in ``effective``, by bit."""
        user_id = number_of(user_id)
        mask = self.effective(user_id, scope, scope_id).mask
        return [found.name for found in get_state().registry.snapshot.in_mask(mask)]

    def has_place(
        self, user_id: SubjectId, scope: str | None, scope_id: NodeId | None = None
    ) -> bool:
        """Whether the place is there for the user, see ``Resolution.is_there``; policies are not
        asked.
        """
        user_id = number_of(user_id)
        resolution = self.effective(user_id, scope, scope_id)
        belonging = scope in (None, GLOBAL_KIND) or known_types().get(scope).members is not None
        return resolution.is_there(belonging, get_state().registry.snapshot.bits.local)

    def homes_of(self, places: Iterable[Place]) -> dict[Place, Place | None]:
        """The node that people belong to, for each place; None: the place has no members.

        It is the place itself or a node above it.
        """
        types, asked = known_types(), list(places)
        found: dict[Place, Place | None] = {place: place for place in asked}
        below = [place for place in asked if types.get(place.kind).members is None]
        for place, site in self.sites_of(below).items():
            found[place] = None if site.home is None else place_of_text(site.home)
        return found

    def sites_of(self, places: Iterable[Place]) -> dict[Place, Site]:
        """The site of each node: the nodes above it, and those whose overwrites are in force.

        One statement a type.
        """
        get_state()
        asked = list(places)
        with reading() as connection:
            found = load_sites(connection, asked)
        missing = next((place for place in asked if place not in found), None)
        if missing is not None:
            raise UnknownResource(missing.kind, missing.id)
        return found

    def batch_check_permissions(
        self,
        user_ids: Iterable[SubjectId],
        permission: str,
        scope: str | None = None,
        scope_id: NodeId | None = None,
    ) -> dict[Any, bool]:
        """One permission for many users, in two statements; unknown users: False.

        The check is no use of the permission: checks of super-admins are not audited.
        """
        state = get_state_for(permission)
        place = parse_place(scope, scope_id)
        registered = state.registry.get(permission)
        given = list(user_ids)
        ids = numbers_of(given, "user_ids")
        if state.caching is not None and not state.asks(registered, place):
            return _by_subject(given, ids, state.caching.source.allowed(ids, place, registered))
        people = list(dict.fromkeys(ids))
        found = state.source.load_many(people, place, registered)
        verdicts = {
            user_id: user_id in found and bool(found[user_id].mask & registered.mask)
            for user_id in people
        }
        if state.asks(registered, place):
            held = [user_id for user_id in people if verdicts[user_id]]
            asked = [(user_id, place) for user_id in held]
            verdicts.update(zip(held, allowed_by_policies(state, registered, asked), strict=True))
        return _by_subject(given, ids, verdicts)

    def check_many(self, user_id: SubjectId, checks: Sequence[Check]) -> list[bool]:
        """Many questions about one user: ``(permission, scope, scope_id)`` each.

        Each distinct place is loaded once. Not audited, as ``batch_check_permissions``.
        """
        state = get_state()
        user_id = number_of(user_id)
        asked = []
        for check in checks:
            try:
                name, scope, scope_id = check
            except (TypeError, ValueError):
                raise ValidationFailed(
                    {"checks": "each must be (permission, scope, scope_id)"}
                ) from None
            asked.append((state.registry.get(name), parse_place(scope, scope_id)))
        loaded: dict[Place, Resolution] = {}
        verdicts = []
        batches = batches_of([(user_id, place) for _, place in asked])
        for registered, place in taking_turns(asked):
            resolution, batch = loaded.get(place), next(batches)
            if resolution is None:
                resolution = loaded[place] = state.source.load(user_id, place)
            verdicts.append(_may(state, user_id, resolution, registered, place, batch))
        return verdicts

    def outranks(
        self,
        actor_id: SubjectId,
        user_id: SubjectId,
        home: tuple[str, NodeId],
    ) -> bool:
        """Whether the actor may act upon the user in a node that people belong to, given by type
        and id: kick, ban, time out, rename.

        True if the actor's highest role there is above the user's, for the owner over everybody,
        and for a super-admin. No other user outranks the owner, or themselves.
        """
        user_id = person_number(user_id)
        actor_id = person_number(actor_id, "actor_id")
        state = get_state()
        return Authority(state, db.session(), actor_id).outranks(user_id, str(named_home(home)))

    def nodes_with(
        self,
        user_id: SubjectId,
        permission: str,
        kind: str,
        scope: str,
        scope_id: NodeId,
        node_ids: Sequence[NodeId] | None = None,
    ) -> list[NodeId]:
        """The nodes of a kind below one at which the user has the permission, by id.

        The verdicts are those of ``check_permission``. It is no use of the permission: results for
        super-admins are not audited.

        Args:
            node_ids: all of the kind below that node, read by the caller; the result is in their
                order.

        Raises:
            UnknownPermission: the permission is not registered.
            UnknownResource: there is no such node.
            ValidationFailed: an id that is none.
            StoreUnavailable: the database did not answer.
        """
        user_id = person_number(user_id)
        state = get_state()
        registered = state.registry.get(permission)
        above = parse_place(scope, scope_id)
        allowed = _allowed_by_roles(state, user_id, registered, kind, above, node_ids)
        asked = state.asks_in(registered, [Place(kind, node_id) for node_id in allowed])
        judged = [node_id for node_id in allowed if Place(kind, node_id) in asked]
        places = [(user_id, Place(kind, node_id)) for node_id in judged]
        verdicts = allowed_by_policies(state, registered, places)
        denied = {one for one, may in zip(judged, verdicts, strict=True) if not may}
        return [node_id for node_id in allowed if node_id not in denied]


def _by_subject(
    given: Sequence[Any], ids: Sequence[int], verdicts: dict[int, bool]
) -> dict[Any, bool]:
    """Verdicts by the ids that were asked about."""
    if given == ids:
        return verdicts
    return {one: verdicts[number] for one, number in zip(given, ids, strict=True)}


def _may(
    state: PermissionState,
    user_id: int,
    resolution: Resolution,
    permission: RegisteredPermission,
    place: Place,
    batch: PolicyBatch,
) -> bool:
    if not resolution.mask & permission.mask:
        return False
    if state.asks(permission, place):
        return not ask_policies(state, user_id, [permission], place, None, batch).denied
    return True


def _allowed_by_roles(
    state: PermissionState,
    user_id: int,
    permission: RegisteredPermission,
    kind: str,
    above: Place,
    node_ids: Sequence[NodeId] | None,
) -> list[NodeId]:
    if node_ids is None:
        with reading() as connection:
            node_ids = ids_below(connection, kind, above)
    if state.caching is None or in_change():
        found: dict[NodeId, int] = {}
        registry, now = state.registry, state.clock()
        with reading() as connection:
            for read in load_places(connection, user_id, kind, above):
                facts, [user] = read.facts(registry)
                bits = registry.snapshot.bits
                assert read.site.place.id is not None
                found[read.site.place.id] = resolve(flatten(facts, bits), user, now, bits).mask
        return [id_ for id_ in node_ids if found.get(id_, 0) & permission.mask]
    masks = state.caching.source.below(user_id, kind, above, node_ids)
    wanted = permission.wanted | SUPER
    return [id_ for id_ in node_ids if masks.get(id_, 0) & wanted]
