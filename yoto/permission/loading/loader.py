"""Reads the facts about some people in a place, or about one in many: two statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from yoto.errors import UnknownResource
from yoto.nodes import PUBLIC_NUMBER, NodeId, place_of_text
from yoto.permission.database.statements import id_array, provides_roles
from yoto.permission.loading.places_sql import (
    ABOVE_ID,
    IDS,
    PERSON,
    PLACE_ID,
    PLACE_IDS,
    places_sql,
)
from yoto.permission.loading.rights import Rights, epoch
from yoto.permission.loading.rights_sql import NO_HOME, rights_sql
from yoto.permission.loading.sites import Site, site_of
from yoto.permission.registry.registry import PermissionRegistry
from yoto.permission.registry.scopes import GLOBAL, Place
from yoto.permission.verdict.facts import PlaceFacts, UserFacts
from yoto.store.resources import known_types


class Loaded(NamedTuple):
    """The rows read about a place, and people there.

    Attributes:
        people: the people that exist; their holdings are in ``rights``.
    """

    site: Site
    rights: Rights
    people: tuple[UserFacts, ...]

    def facts(self, registry: PermissionRegistry) -> tuple[PlaceFacts, list[UserFacts]]:
        """The rows as facts for the resolver."""
        snapshot, mask_of = registry.snapshot, registry.mask_of_id
        width = snapshot.bits.width
        roles = self.rights.role_facts(self.site, mask_of, width)
        marks = self.rights.marks_at(self.site, mask_of, width)
        people = [self.rights.with_user(self.site, one, marks) for one in self.people]
        return self.site.facts(roles, snapshot), people


def membership_at(connection: Connection, user_id: int, place: Place) -> Loaded:
    """The site of a place, and a user's membership status there, without the roles that they hold.

    Raises:
        UnknownResource: the place does not exist.
        ValidationFailed: its id is none of its type.
    """
    sql = places_sql(known_types(), place.kind, many=False)
    _check_id(place)
    given = {"user_id": user_id, PLACE_ID: place.id}
    row = connection.execute(sql.statement, given).one()
    site = site_of(place, sql.chain, row)
    if site is None:
        raise UnknownResource(place.kind, place.id)
    return Loaded(site, Rights(), (_person(row) or _unknown_user(user_id),))


def load_one(
    connection: Connection,
    user_id: int,
    place: Place,
    offered: Sequence[int] | None = None,
    with_names: bool = False,
) -> Loaded:
    """Read the rows about one person in ``place``; an unknown id is among the people, too.

    Args:
        offered: roles to read too, with all that would count if they were active.
        with_names: also read names of roles and attributes of assignments.

    Raises: as ``membership_at``.
    """
    found = membership_at(connection, user_id, place)
    if not found.people[0].exists and offered is None:
        return found
    parameters = parameters_of([found.site]) | {"user_id": user_id}
    asleep = offered is not None
    statement = rights_sql(
        many=False, asleep=asleep, with_provided=provides_roles(), with_names=with_names
    )
    if offered is not None:
        parameters["offered"] = list(offered) or [0]
    return found._replace(rights=_rights(connection, statement, parameters, with_names))


def _rights(
    connection: Connection, statement: Any, parameters: Mapping[str, Any], with_names: bool
) -> Rights:
    rows = connection.execute(statement, parameters).fetchall()
    return Rights.with_names(rows) if with_names else Rights(rows)


def memberships_at(connection: Connection, user_ids: Sequence[int], place: Place) -> Loaded:
    """As ``membership_at``, for the existing ones of several people. Raises as that."""
    sql = places_sql(known_types(), place.kind, many=True)
    _check_id(place)
    given = {IDS: id_array(user_ids), PLACE_ID: place.id}
    rows = connection.execute(sql.statement, given).fetchall()
    site = site_of(place, sql.chain, rows[0])
    if site is None:
        raise UnknownResource(place.kind, place.id)
    people = [found for row in rows if (found := _person(row)) is not None]
    return Loaded(site, Rights(), tuple(people))


def load(
    connection: Connection,
    user_ids: Sequence[int],
    place: Place,
    wanted: Sequence[int] | None = None,
    asleep: bool = False,
    with_names: bool = False,
) -> Loaded:
    """Read the rows about the existing ones of ``user_ids``.

    Args:
        wanted: database ids of the permissions that matter; None: all.
        asleep: also read rows that would count if all roles were active, of all permissions.
        with_names: as in ``load_one``.

    Raises:
        UnknownResource: the place does not exist.
    """
    found = memberships_at(connection, user_ids, place)
    people = found.people
    if PUBLIC_NUMBER in user_ids:
        people = (*people, _unknown_user(PUBLIC_NUMBER))
    parameters: dict[str, Any] = parameters_of([found.site]) | {IDS: id_array(user_ids)}
    narrowed = wanted is not None and not asleep
    statement = rights_sql(
        many=True,
        wanted=narrowed,
        asleep=asleep,
        with_provided=provides_roles(),
        with_names=with_names,
    )
    if asleep:
        parameters["offered"] = [0]
    elif wanted is not None:
        parameters["wanted"] = list(wanted)
    return Loaded(found.site, _rights(connection, statement, parameters, with_names), people)


def people_at(connection: Connection, user_ids: Sequence[int], site: Site) -> tuple[UserFacts, ...]:
    """The existing ones of several people, with their membership status in the home of a site."""
    at = site.place if site.home is None else place_of_text(site.home)
    people = memberships_at(connection, user_ids, at).people
    if PUBLIC_NUMBER in user_ids:
        people = (*people, _unknown_user(PUBLIC_NUMBER))
    return people


def rights_in(
    connection: Connection, user_ids: Sequence[int], sites: Sequence[Site], offered: Sequence[int]
) -> Rights:
    """The rows about several people in many places with one home, in one statement.

    Args:
        offered: roles to read too, with all that they would inherit from if those were active.
    """
    parameters: dict[str, Any] = parameters_of(sites) | {
        IDS: id_array(user_ids),
        "offered": list(offered) or [0],
    }
    statement = rights_sql(many=True, asleep=True, with_provided=provides_roles())
    return _rights(connection, statement, parameters, with_names=False)


def load_places(
    connection: Connection, user_id: int, kind: str, above: Place, with_names: bool = False
) -> Iterator[Loaded]:
    """Read the rows about one person in all places of a kind below a node.

    Args:
        with_names: as in ``load_one``.

    Raises:
        UnknownResource: there is no such node.
    """
    found = list(_together(connection, user_id, kind, above.kind, {ABOVE_ID: above.id}, with_names))
    if not found:
        load_one(connection, user_id, above)
    yield from found


def load_these(
    connection: Connection, user_id: int, kind: str, node_ids: Sequence[NodeId]
) -> Iterator[Loaded]:
    """As ``load_places``, for given nodes of a kind, with names and attributes: one statement,
    and one for each home. Missing nodes are left out.
    """
    return _together(connection, user_id, kind, PLACE_IDS, {PLACE_IDS: list(node_ids)}, True)


def _together(
    connection: Connection,
    user_id: int,
    kind: str,
    which: str,
    given: Mapping[str, Any],
    with_names: bool,
) -> Iterator[Loaded]:
    sql = places_sql(known_types(), kind, many=False, which=which)
    by_home: dict[str | None, list[tuple[Site, UserFacts]]] = {}
    for row in connection.execute(sql.statement, {"user_id": user_id, **given}).fetchall():
        site = site_of(Place(kind, row[2]), sql.chain, row)
        if site is not None:
            person = _person(row) or _unknown_user(user_id)
            by_home.setdefault(site.home, []).append((site, person))
    statement = rights_sql(many=False, with_provided=provides_roles(), with_names=with_names)
    for together in by_home.values():
        parameters = parameters_of([site for site, _ in together]) | {"user_id": user_id}
        rights = _rights(connection, statement, parameters, with_names)
        for site, person in together:
            yield Loaded(site, rights, (person,))


def parameters_of(sites: Sequence[Site]) -> dict[str, Any]:
    """The parameters of the second statement, for sites with one home."""
    home = sites[0].home
    nodes = list(dict.fromkeys(node for site in sites for node in site.holding))
    return {
        "home": home or NO_HOME,
        "nodes": ["", "global", *nodes],
        "places": list(dict.fromkeys(one for site in sites for one in site.overwritten)) or [""],
        "crowds": ["public", f"everyone:{home or NO_HOME}"],
    }


def _check_id(place: Place) -> None:
    """Integers pass here whatever ids the type has: checking them would slow down each check."""
    if place != GLOBAL:
        known_types().get(place.kind).checked(place.id, "scope_id")


def _person(row: Sequence[Any]) -> UserFacts | None:
    user_id, found, disabled, super_admin, program, banned, timeout_until = row[-PERSON:]
    if found is None:
        return None
    return UserFacts(
        user_id,
        disabled=bool(disabled),
        super_admin=bool(super_admin),
        member=banned is not None and not banned,
        timeout_until=epoch(timeout_until),
        program=program is not None,
    )


def _unknown_user(user_id: int) -> UserFacts:
    """A user who is in no table: the public, or an unknown id."""
    public = user_id == PUBLIC_NUMBER
    return UserFacts(user_id, exists=public, public=public)
