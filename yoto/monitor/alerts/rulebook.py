"""The rules in force: those of the code with operators' overrides, and operators' own rules.

What operators do to a rule is a series of versions. One that names a metric is a rule of their own,
and its last version without values is its end.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yoto.audit import AuditEntry
from yoto.errors import ConfigurationError, UnknownResource, ValidationFailed, VersionConflict

from ..checks import check_author
from .records import RuleChange
from .rule import AlertRule, settable
from .store import AlertRows, AlertStore

log = logging.getLogger(__name__)

HISTORY_SHOWN = 50
# Each is evaluated in each evaluation.
MOST_OWN = 200
OWN = ("metric", "direction")


@dataclass(frozen=True, kw_only=True)
class RuleInForce:
    """A rule in force.

    Attributes:
        rule: with all overrides applied.
        version: of the overrides; 0 if there never were any.
        values: the overrides.
        own: whether operators created it; then ``values`` are all of it.
    """

    rule: AlertRule
    version: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    own: bool = False


class Rulebook:
    """Reads and changes the rules of one application."""

    def __init__(self, store: AlertStore, rules: Iterable[AlertRule]) -> None:
        """``rules``: of the code, each with a name of its own.

        Raises:
            ConfigurationError: two rules share a name.
        """
        self._store = store
        self._rules: dict[str, AlertRule] = {}
        for rule in rules:
            if self._rules.setdefault(rule.name, rule) is not rule:
                raise ConfigurationError(rule.name, "is the name of two alert rules")
        self._refused: set[tuple[str, int]] = set()
        self._found: tuple[tuple[int, int] | None, list[RuleInForce]] = (None, [])

    @property
    def names(self) -> list[str]:
        """The rules of the code."""
        return list(self._rules)

    def all_names(self) -> list[str]:
        """The rules that there are now, those of operators too.

        Raises:
            StoreUnavailable: the store is unavailable.
        """
        return [one.rule.name for one in self.list()]

    def default(self, name: str) -> AlertRule | None:
        """A rule as the code has it; None: it is not one of the code."""
        return self._rules.get(name)

    def in_force(self, rows: AlertRows, state: tuple[int, int] | None = None) -> list[RuleInForce]:
        """Every rule, as stored in this transaction.

        Args:
            state: the ``rules`` of its board, where that was read: earlier results for the same
                state are true still.
        """
        known, found = self._found
        if state is None or state != known:
            found = self._read(rows)
            if state is not None:
                self._found = state, found
        return list(found)

    def _read(self, rows: AlertRows) -> list[RuleInForce]:
        changes = {change.rule: change for change in rows.rule_changes()}
        found = [self._laid_over(rule, changes.get(name)) for name, rule in self._rules.items()]
        own = (self._own(one) for name, one in sorted(changes.items()) if name not in self._rules)
        return found + [one for one in own if one is not None]

    def list(self) -> list[RuleInForce]:
        """Every rule.

        Raises:
            StoreUnavailable: the store is unavailable.
        """
        with self._store.reading() as rows:
            return self.in_force(rows)

    def history(
        self, name: str, after: int | None = None, limit: int = HISTORY_SHOWN
    ) -> Sequence[RuleChange]:
        """Changes by operators to a rule, newest first.

        Args:
            after: go on behind this version.

        Raises:
            UnknownResource: there is no such rule.
            StoreUnavailable: the store is unavailable.
        """
        with self._store.reading() as rows:
            found = rows.rule_history(name, limit, after)
        if not found and after is None:
            self._default(name)
        return found

    def add(
        self, name: str, values: Mapping[str, Any], *, by: str, reason: str = ""
    ) -> RuleInForce:
        """Create a rule on any measured value.

        Args:
            values: fields of ``AlertRule`` but for the name; at least the metric, the direction and
                one threshold.

        Raises:
            ValidationFailed: there is such a rule, there are too many, or a bad value.
            StoreUnavailable: the store is unavailable.
        """
        check_author(by, reason)
        rule = _made(name, values)
        plain = _plain(rule, values)
        with self._store.writing() as rows:
            there = self.in_force(rows)
            if any(one.rule.name == name for one in there):
                raise ValidationFailed({"name": f"there is a rule {name!r}"})
            if sum(one.own for one in there) >= MOST_OWN:
                raise ValidationFailed({"name": f"there are {MOST_OWN} rules of operators already"})
            newest = next(iter(rows.rule_history(name, 1)), None)
            version = 1 if newest is None else newest.version + 1
            rows.add_rule_change(name, version, plain, by, reason)
            rows.audit(_act("add", name, by, reason, {}, plain))
        return RuleInForce(rule=rule, version=version, values=plain, own=True)

    def remove(self, name: str, *, by: str, reason: str = "", version: int | None = None) -> None:
        """End a rule that operators made; its open alerts end with the next evaluation.

        Raises:
            ValidationFailed: the rule is one of the code, which can be switched off.
            UnknownResource, VersionConflict, StoreUnavailable: as ``set``.
        """
        check_author(by, reason)
        if name in self._rules:
            raise ValidationFailed({"name": f"{name} is part of the platform; set enabled=false"})
        with self._store.writing() as rows:
            newest = self._own_change(rows, name, version)
            rows.add_rule_change(name, newest.version + 1, {}, by, reason)
            rows.audit(_act("remove", name, by, reason, newest.values, {}))

    def set(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        by: str,
        reason: str = "",
        version: int | None = None,
    ) -> RuleInForce:
        """Lay values over a rule, beside those that are set already.

        Args:
            version: refuse if the rule is at another version by now.

        Raises:
            UnknownResource: there is no such rule.
            ValidationFailed: a bad value; nothing changed.
            VersionConflict: the rule was changed meanwhile.
            StoreUnavailable: the store is unavailable.
        """
        if not values:
            raise ValidationFailed({"values": "must name at least one field"})
        return self._change(name, values, by, reason, version)

    def reset(
        self, name: str, *, by: str, reason: str = "", version: int | None = None
    ) -> RuleInForce:
        """Take back all that operators set on a rule; raises as ``set``.

        Raises:
            ValidationFailed: operators made the rule; it can be removed.
        """
        if name not in self._rules and any(one.rule.name == name for one in self.list()):
            raise ValidationFailed({"rule": f"{name} is all that operators set; remove it"})
        return self._change(name, None, by, reason, version)

    def _change(
        self,
        name: str,
        values: Mapping[str, Any] | None,
        by: str,
        reason: str,
        version: int | None,
    ) -> RuleInForce:
        check_author(by, reason)
        if name not in self._rules and values is not None:
            return self._change_own(name, values, by, reason, version)
        default = self._default(name)
        with self._store.writing() as rows:
            newest = next(iter(rows.rule_history(name, 1)), None)
            at, held = (0, {}) if newest is None else (newest.version, dict(newest.values))
            if version is not None and version != at:
                raise VersionConflict(at, held)
            merged = {} if values is None else {**held, **values}
            rule = default.with_values(merged)
            # As the rule holds them, so that a version shows the rule in force.
            plain = {field: rule.to_mapping()[field] for field in merged}
            rows.add_rule_change(name, at + 1, plain, by, reason)
            rows.audit(_act("reset" if values is None else "set", name, by, reason, held, plain))
        return RuleInForce(rule=rule, version=at + 1, values=plain)

    def _change_own(
        self, name: str, values: Mapping[str, Any], by: str, reason: str, version: int | None
    ) -> RuleInForce:
        with self._store.writing() as rows:
            newest = self._own_change(rows, name, version)
            merged = {**newest.values, **values}
            rule = _made(name, newest.values).with_values(values)
            plain = _plain(rule, merged)
            rows.add_rule_change(name, newest.version + 1, plain, by, reason)
            rows.audit(_act("set", name, by, reason, newest.values, plain))
        return RuleInForce(rule=rule, version=newest.version + 1, values=plain, own=True)

    def _own_change(self, rows: AlertRows, name: str, version: int | None) -> RuleChange:
        """The last version of a rule that operators made."""
        newest = next(iter(rows.rule_history(name, 1)), None)
        if newest is None or "metric" not in newest.values:
            raise UnknownResource("alert rule", name, field="rule")
        if version is not None and version != newest.version:
            raise VersionConflict(newest.version, dict(newest.values))
        return newest

    def _own(self, change: RuleChange) -> RuleInForce | None:
        """A rule that operators made; None: it was removed, or is not to be understood."""
        if "metric" not in change.values:
            return None
        try:
            rule = _made(change.rule, change.values)
        except ValidationFailed as error:
            if (change.rule, change.version) not in self._refused:
                self._refused.add((change.rule, change.version))
                log.error("the alert rule '%s' of operators is refused: %s", change.rule, error)
            return None
        return RuleInForce(rule=rule, version=change.version, values=change.values, own=True)

    def _default(self, name: str) -> AlertRule:
        found = self._rules.get(name)
        if found is None:
            raise UnknownResource("alert rule", name, field="rule")
        return found

    def _laid_over(self, rule: AlertRule, change: RuleChange | None) -> RuleInForce:
        if change is None:
            return RuleInForce(rule=rule)
        try:
            laid = rule.with_values(change.values)
        except ValidationFailed as error:
            # Set by another version of the code. An alert by the defaults is better than none.
            if (rule.name, change.version) not in self._refused:
                self._refused.add((rule.name, change.version))
                log.error("what is set on the alert rule '%s' is refused: %s", rule.name, error)
            return RuleInForce(rule=rule, version=change.version)
        return RuleInForce(rule=laid, version=change.version, values=change.values)


def _made(name: str, values: Mapping[str, Any]) -> AlertRule:
    """A rule of operators.

    Raises:
        ValidationFailed: a field is unknown, missing or bad.
    """
    known = [*OWN, "labels", "text", *settable()]
    errors = {
        str(one): f"is unknown; known are {', '.join(known)}" for one in values if one not in known
    }
    errors |= {one: "must be given" for one in OWN if one not in values}
    if errors:
        raise ValidationFailed(errors)
    return AlertRule(**{"name": name, **values})


def _plain(rule: AlertRule, values: Mapping[str, Any]) -> dict[str, Any]:
    """The given fields, as the rule holds them: a version shows the rule in force."""
    return {field: rule.to_mapping()[field] for field in values}


def _act(
    act: str, name: str, by: str, reason: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> AuditEntry:
    return AuditEntry(
        action=f"alert.rule.{act}",
        subject=f"alert_rule:{name}",
        by=by,
        reason=reason,
        before=dict(before),
        after=dict(after),
    )
