"""Live configuration as operators edit it. The store records and audits each change itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypedDict

from yoto.auth.operators import OPERATE, VIEW
from yoto.errors import UnknownResource, ValidationFailed, VersionConflict
from yoto.http.operation import After, Author, Limit, Reason, SeenVersion, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.http.shapes import Between, Seconds, schema_of
from yoto.moments import at_ms
from yoto.operate.degradation import feature_names
from yoto.operate.guard_state import GUARDED
from yoto.operate.guards import LONGEST_EXPIRY, check_known, demand_right_to_the_way_in, slice_of
from yoto.resilience import (
    FLEET,
    Change,
    ConfigStore,
    Entry,
    Kind,
    Origin,
    Receipt,
    check_entry,
    class_of,
    get_resilience_controller,
)

# Kinds that operators cannot change here: they have acts of their own, some for administrators.
READ_ONLY = {
    Kind.FORCED_BREAKER: "changes by isolating, closing and resetting",
    Kind.LOG: "changes by the level of logs",
    Kind.ALERT_RULE: "changes by the rules of alerts",
    Kind.ROLLOUT: "changes by beginning and ending a rollout",
}
# Kinds in which an entry with a name unknown to the code would be stored without any effect.
NAMED_BY_CODE = (Kind.SWITCH, Kind.DEGRADATION)
ENTRY = "/<kind>/<name>"
Values = dict[str, Any | None]
Key = tuple[Kind, str]


class Layer(TypedDict):
    """One change of an entry: the values that a layer holds from then on."""

    version: int
    origin: Annotated[str, "operator or tuner"]
    action: str
    values: Annotated[dict[str, Any] | None, "null: the layer was taken away"]
    author: str
    reason: str
    at: datetime
    expires_at: datetime | None


class ConfigEntry(TypedDict):
    """An entry as it is in force."""

    kind: str
    name: str
    version: int
    values: Annotated[dict[str, Any], "In force"]
    defaults: Annotated[dict[str, Any], "Of the code"]
    origins: Annotated[dict[str, Any], "Of each field: code, tuner or operator"]
    override: Annotated[Layer | None, "What operators set; null: nothing"]
    tuned: Layer | None


class LiveEntry(ConfigEntry):
    """An entry after a change."""

    live: Annotated[bool, "False: recorded; workers follow when Redis is back"]


class Entries(TypedDict):
    """A slice of the entries of a kind, and what their fields may hold."""

    items: list[ConfigEntry]
    next: int | None
    fields: Annotated[list[dict[str, Any]], "Name, type, bounds and unit of each field"]


class ChangedField(TypedDict):
    """A field that would be another."""

    field: str
    before: Any | None
    after: Any | None


class Verdict(TypedDict):
    """Whether values would be taken."""

    valid: bool
    errors: dict[str, list[str]]
    difference: Annotated[list[ChangedField], "What would be in force instead of what is"]


config = Subject(
    "config",
    "/config",
    "Live configuration: limits, breakers, bulkheads, levels",
    "entry",
    names={ConfigEntry: "Entry"},
)


@config.operation("GET", "/<kind>", VIEW)
def list_config(kind: str, after: After = None, limit: Limit = PAGE_DEFAULT) -> Entries:
    """Entries of a kind: the values in force, those of the code, and who set them"""
    found = _parsed(kind)
    page = slice_of([_shown(entry) for entry in _store().list(found)], after, limit)
    # Rooms add to what is live.
    shape = _store().default(found, FLEET) if found is Kind.TUNING else class_of(found)
    fields = shape.describe()
    return {"items": list(page.items), "next": page.next, "fields": fields}


@config.operation("GET", ENTRY, VIEW, tagged=True, also=(422,))
def read_config(kind: str, name: str) -> ConfigEntry:
    """One entry; its `ETag` is needed to change it"""
    return _shown(_store().get(*guard_key(kind, name)))


@config.operation("PUT", ENTRY, OPERATE, body="NewValues", tagged=True)
def put_config(
    kind: str,
    name: str,
    values: Values,
    reason: Reason,
    by: Author,
    version: SeenVersion,
    expires_in: Annotated[
        float | None, Seconds(0, LONGEST_EXPIRY, above=True), "Seconds; null: for good"
    ] = None,
) -> LiveEntry:
    """Replace all values that operators set on an entry"""
    change = partial(
        _store().set,
        values=values,
        author=by,
        version=version,
        reason=reason,
        expires_in=expires_in,
        merge=False,
    )
    return _changed(kind, name, version, change, lambda key: values)


@config.operation("DELETE", ENTRY, OPERATE, tagged=True)
def delete_config(
    kind: str, name: str, reason: Reason, by: Author, version: SeenVersion
) -> LiveEntry:
    """Take back all values that operators set on an entry"""
    change = partial(_store().delete, author=by, version=version, reason=reason)
    return _changed(kind, name, version, change, lambda key: {})


@config.operation("GET", f"{ENTRY}/history", VIEW)
def list_config_history(
    kind: str, name: str, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[Layer]:
    """Changes of an entry with their times and authors, newest first"""
    changes = _store().history(*guard_key(kind, name), limit + 1, after)
    return cut([_layer(change) for change in changes], limit, lambda row: row["version"])


@config.operation("POST", f"{ENTRY}/rollback", OPERATE, body="ConfigRollback", tagged=True)
def rollback_config(
    kind: str,
    name: str,
    to_version: Annotated[int, Between(0, 2**31 - 1)],
    reason: Reason,
    by: Author,
    version: SeenVersion,
) -> LiveEntry:
    """Go back to the values that operators had set at another version"""
    change = partial(
        _store().rollback, version=version, to_version=to_version, author=by, reason=reason
    )
    return _changed(kind, name, version, change, lambda key: _override_at(key, to_version))


@config.operation("POST", f"{ENTRY}/validate", VIEW, body="Values", changes=False)
def validate_config(kind: str, name: str, values: Values) -> Verdict:
    """Whether values would be taken, and what they would change; nothing changes"""
    key = guard_key(kind, name)
    before = _store().get(*key).config.to_mapping()
    try:
        after = _store().candidate(*key, values).to_mapping()
    except ValidationFailed as error:
        return {"valid": False, "errors": dict(error.errors), "difference": []}
    changed: list[ChangedField] = [
        {"field": field, "before": before.get(field), "after": value}
        for field, value in after.items()
        if value != before.get(field)
    ]
    return {"valid": True, "errors": {}, "difference": changed}


def _store() -> ConfigStore:
    return get_resilience_controller().config


def _shown(entry: Entry) -> ConfigEntry:
    """An entry with its layers."""
    layers = {change.origin: _layer(change) for change in entry.layers}
    return {
        "kind": entry.kind.value,
        "name": entry.name,
        "version": entry.version,
        "values": entry.config.to_mapping(),
        "defaults": _store().default(entry.kind, entry.name).to_mapping(),
        "origins": entry.origins,
        "override": layers.get(Origin.OPERATOR),
        "tuned": layers.get(Origin.TUNER),
    }


def _layer(change: Change) -> Layer:
    return {
        "version": change.version,
        "origin": change.origin.value,
        "action": change.action.value,
        "values": change.values,
        "author": change.author,
        "reason": change.reason,
        "at": at_ms(change.at),
        "expires_at": at_ms(change.expires_at) if change.expires_at else None,
    }


# The cache's values belong to the kind "tuning", but many readers look for them under "cache".
_ALSO_NAMED = {"cache": Kind.TUNING}


def _parsed(kind: str) -> Kind:
    try:
        return _ALSO_NAMED.get(kind) or Kind(kind)
    except ValueError:
        raise UnknownResource("kind", kind, "kind") from None


def guard_key(kind: str, name: str) -> Key:
    """The key of the entry; a guard must exist, other names may be new."""
    found = _parsed(kind)
    if found in GUARDED:
        check_known(found, name)
    return check_entry(found, name)


def _changed(
    kind: str,
    name: str,
    version: int | None,
    change: Callable[[Kind, str], Receipt],
    yours: Callable[[Key], Mapping[str, Any]],
) -> LiveEntry:
    """Change an entry, and return it as it is afterwards.

    Raises:
        UnknownResource: there is no such entry.
        PermissionDenied: the guard protects the sign-in, and only administrators may change it.
        ValidationFailed: a value is refused; nothing changed.
        VersionConflict: it is not at ``version`` any more; nothing changed.
    """
    demand_right_to_the_way_in(name)
    key = guard_key(kind, name)
    if key[0] in NAMED_BY_CODE and not _is_known(key):
        raise UnknownResource(kind, name, "name")
    if key[0] in READ_ONLY:
        raise ValidationFailed({"kind": f"{kind} {READ_ONLY[key[0]]}"})
    try:
        receipt = change(*key)
    except VersionConflict:
        raise conflict_at(key, version or 0, yours(key)) from None
    return {**_shown(receipt.entry), "live": receipt.live}


def _is_known(key: Key) -> bool:
    if key[0] is Kind.DEGRADATION:
        return key[1] in feature_names()
    return any(entry.name == key[1] for entry in _store().list(key[0]))


def _override_at(key: Key, version: int) -> dict[str, Any]:
    """The values that operators had set at a version, as far as they are still known."""
    for change in _store().history(*key, before_version=version + 1):
        if change.origin is Origin.OPERATOR:
            return dict(change.values or {})
    return {}


def conflict_at(key: Key, version: int, yours: Mapping[str, Any]) -> VersionConflict:
    """The entry as it is now, and three values of each field in question: when it was read
    (``base``), now (``theirs``), and as sent (``yours``)."""
    store = _store()
    # Another worker may have made the change a moment ago.
    store.sync.reconcile()
    now = _shown(store.get(*key))
    base = _override_at(key, version)
    theirs = (now["override"]["values"] if now["override"] else None) or {}
    sides = {
        field: {"base": base.get(field), "theirs": theirs.get(field), "yours": yours.get(field)}
        for field in sorted({*base, *theirs, *yours})
    }
    difference = [
        {"field": field, **side}
        for field, side in sides.items()
        if not side["base"] == side["theirs"] == side["yours"]
    ]
    current = schema_of(ConfigEntry)().dump(now)
    return VersionConflict(now["version"], current, difference=difference)
