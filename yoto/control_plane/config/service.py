"""Live configuration as operators edit it. The store records and audits each change itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from yoto.errors import UnknownResource, ValidationFailed, VersionConflict
from yoto.http.acts import author
from yoto.http.paging import Page, cut
from yoto.moments import at_ms
from yoto.operate.degradation import feature_names
from yoto.operate.guard_state import GUARDED
from yoto.operate.guards import check_known, demand_right_to_the_way_in, slice_of
from yoto.resilience import (
    CONFIG_CLASSES,
    Change,
    ConfigStore,
    Entry,
    Kind,
    Origin,
    Receipt,
    check_entry,
    get_resilience_controller,
)

# Of these an operator changes nothing here: they have acts of their own, some for administrators.
READ_ONLY = {
    Kind.FORCED_BREAKER: "changes by isolating, closing and resetting",
    Kind.LOG: "changes by the level of logs",
}
# An entry of these whose name the code does not know would be stored and change nothing.
NAMED_BY_CODE = (Kind.SWITCH, Kind.DEGRADATION)


class Stale(Exception):
    """Somebody else was faster.

    Attributes:
        entry: how it is now.
        difference: of each field in question, what it was when it was read (``base``), what it is
            (``theirs``) and what was sent (``yours``).
    """

    def __init__(self, entry: dict[str, Any], difference: list[dict[str, Any]]) -> None:
        super().__init__(f"version {entry['version']} is there by now")
        self.entry = entry
        self.difference = difference


def entries(kind: str, after: int | None, limit: int) -> dict[str, Any]:
    """A slice of the entries of a kind; raises ``UnknownResource``."""
    found = parsed(kind)
    rows = [shown(entry) for entry in _store().list(found)]
    page = slice_of(rows, after, limit)
    fields = CONFIG_CLASSES[found].describe()
    return {"items": page.items, "next": page.next, "fields": fields}


def entry(kind: str, name: str) -> dict[str, Any]:
    """One entry; raises ``UnknownResource``."""
    return shown(_store().get(*_key(kind, name)))


def put(
    kind: str,
    name: str,
    values: Mapping[str, Any],
    version: int,
    reason: str,
    expires_in: float | None,
) -> dict[str, Any]:
    """Make ``values`` all that operators set.

    Raises:
        UnknownResource: there is no such entry.
        PermissionDenied: it keeps out who guesses, which administrators alone may change.
        ValidationFailed: a value is refused; nothing changed.
        Stale: the entry is not at ``version`` any more; nothing changed.
    """
    key = _editable(kind, name)
    try:
        receipt = _store().set(
            *key,
            values,
            author=author(),
            version=version,
            reason=reason,
            expires_in=expires_in,
            merge=False,
        )
    except VersionConflict:
        raise _stale(key, version, values) from None
    return _done(receipt)


def delete(kind: str, name: str, version: int, reason: str) -> dict[str, Any]:
    """Take back what operators set; raises as ``put``."""
    key = _editable(kind, name)
    try:
        receipt = _store().delete(*key, author=author(), version=version, reason=reason)
    except VersionConflict:
        raise _stale(key, version, {}) from None
    return _done(receipt)


def rollback(kind: str, name: str, to_version: int, version: int, reason: str) -> dict[str, Any]:
    """Set what operators had set at ``to_version``; raises as ``put``."""
    key = _editable(kind, name)
    try:
        receipt = _store().rollback(
            *key, to_version, author=author(), version=version, reason=reason
        )
    except VersionConflict:
        raise _stale(key, version, _override_at(key, to_version)) from None
    return _done(receipt)


def history(kind: str, name: str, after: int | None, limit: int) -> Page[dict[str, Any]]:
    """Changes of an entry, newest first; the cursor is a version."""
    changes = _store().history(*_key(kind, name), limit + 1, after)
    return cut([plain(change) for change in changes], limit, lambda row: int(row["version"]))


def validate(kind: str, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Whether values would be taken, and what would be another; nothing changes."""
    key = _key(kind, name)
    before = _store().get(*key).config.to_mapping()
    try:
        after = _store().candidate(*key, values).to_mapping()
    except ValidationFailed as error:
        return {"valid": False, "errors": error.errors, "difference": []}
    changed = [
        {"field": field, "before": before[field], "after": value}
        for field, value in after.items()
        if value != before[field]
    ]
    return {"valid": True, "errors": {}, "difference": changed}


def dry_run(kind: str, name: str, values: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """What values would have done to the traffic of the last minutes; raises as the controller."""
    key = _key(kind, name)
    found = get_resilience_controller().dry_run(*key, values, seconds=seconds)
    return {
        **asdict(found),
        "kind": found.kind.value,
        "caveats": [caveat.value for caveat in found.caveats],
    }


def shown(entry: Entry) -> dict[str, Any]:
    """An entry with what lies under it."""
    layers = {change.origin: plain(change) for change in entry.layers}
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


def plain(change: Change) -> dict[str, Any]:
    """A change as data."""
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


def parsed(kind: str) -> Kind:
    """The kind; raises ``UnknownResource``."""
    try:
        return Kind(kind)
    except ValueError:
        raise UnknownResource("kind", kind, "kind") from None


def _key(kind: str, name: str) -> tuple[Kind, str]:
    """The entry, if there is one to speak of: a guard must exist, other names may be new."""
    found = parsed(kind)
    if found in GUARDED:
        check_known(found, name)
    return check_entry(found, name)


def _editable(kind: str, name: str) -> tuple[Kind, str]:
    demand_right_to_the_way_in(name)
    key = _key(kind, name)
    if key[0] in NAMED_BY_CODE and not _is_known(key):
        raise UnknownResource(kind, name, "name")
    if key[0] in READ_ONLY:
        raise ValidationFailed({"kind": f"{kind} {READ_ONLY[key[0]]}"})
    return key


def _is_known(key: tuple[Kind, str]) -> bool:
    if key[0] is Kind.DEGRADATION:
        return key[1] in feature_names()
    return any(entry.name == key[1] for entry in _store().list(key[0]))


def _store() -> ConfigStore:
    return get_resilience_controller().config


def _done(receipt: Receipt) -> dict[str, Any]:
    return {**shown(receipt.entry), "live": receipt.live}


def _override_at(key: tuple[Kind, str], version: int) -> dict[str, Any]:
    """What operators had set at a version, as far as it is still known."""
    for change in _store().history(*key, before_version=version + 1):
        if change.origin is Origin.OPERATOR:
            return dict(change.values or {})
    return {}


def _stale(key: tuple[Kind, str], version: int, yours: Mapping[str, Any]) -> Stale:
    store = _store()
    # Another worker may have made the change a moment ago.
    store.sync.reconcile()
    now = shown(store.get(*key))
    base, theirs = _override_at(key, version), (now["override"] or {}).get("values") or {}
    fields = sorted({*base, *theirs, *yours})
    difference = [
        {
            "field": field,
            "base": base.get(field),
            "theirs": theirs.get(field),
            "yours": yours.get(field),
        }
        for field in fields
        if not base.get(field) == theirs.get(field) == yours.get(field)
    ]
    return Stale(now, difference)
