"""The rules in force: those of the code with what operators set laid over them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import ConfigurationError, UnknownResource, ValidationFailed, VersionConflict

from ..checks import check_author
from .records import RuleChange
from .rule import AlertRule
from .store import AlertRows, AlertStore, AuditAct

log = logging.getLogger(__name__)

HISTORY_SHOWN = 50


@dataclass(frozen=True, kw_only=True)
class RuleInForce:
    """A rule as it holds now.

    Attributes:
        rule: with everything laid over it.
        version: of what operators set; 0 if they never did.
        values: what they set.
    """

    rule: AlertRule
    version: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)


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

    @property
    def names(self) -> list[str]:
        """The rules that there are."""
        return list(self._rules)

    def default(self, name: str) -> AlertRule:
        """A rule as the code has it.

        Raises:
            UnknownResource: there is no such rule.
        """
        found = self._rules.get(name)
        if found is None:
            raise UnknownResource("alert rule", name, field="rule")
        return found

    def in_force(self, rows: AlertRows) -> list[RuleInForce]:
        """Every rule, by what the store says in this transaction."""
        changes = {change.rule: change for change in rows.rule_changes()}
        return [self._laid_over(rule, changes.get(name)) for name, rule in self._rules.items()]

    def list(self) -> list[RuleInForce]:
        """Every rule.

        Raises:
            StoreUnavailable: the store is away.
        """
        with self._store.reading() as rows:
            return self.in_force(rows)

    def history(self, name: str) -> Sequence[RuleChange]:
        """What operators did to a rule, newest first.

        Raises:
            UnknownResource: there is no such rule.
            StoreUnavailable: the store is away.
        """
        self.default(name)
        with self._store.reading() as rows:
            return rows.rule_history(name, HISTORY_SHOWN)

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
            VersionConflict: somebody else changed the rule.
            StoreUnavailable: the store is away.
        """
        if not values:
            raise ValidationFailed({"values": "must name at least one field"})
        return self._change(name, values, by, reason, version)

    def reset(
        self, name: str, *, by: str, reason: str = "", version: int | None = None
    ) -> RuleInForce:
        """Take back all that operators set on a rule; raises as ``set``."""
        return self._change(name, None, by, reason, version)

    def _change(
        self,
        name: str,
        values: Mapping[str, Any] | None,
        by: str,
        reason: str,
        version: int | None,
    ) -> RuleInForce:
        default = self.default(name)
        check_author(by, reason)
        with self._store.writing() as rows:
            newest = next(iter(rows.rule_history(name, 1)), None)
            at, held = (0, {}) if newest is None else (newest.version, dict(newest.values))
            if version is not None and version != at:
                raise VersionConflict(at, held)
            merged = {} if values is None else {**held, **values}
            rule = default.with_values(merged)
            # As the rule holds them, so that a version shows what is in force.
            plain = {field: rule.to_mapping()[field] for field in merged}
            rows.add_rule_change(name, at + 1, plain, by, reason)
            rows.audit(
                AuditAct(
                    action="alert.rule.reset" if values is None else "alert.rule.set",
                    subject=f"alert_rule:{name}",
                    by=by,
                    reason=reason,
                    before=held,
                    after=plain,
                )
            )
        return RuleInForce(rule=rule, version=at + 1, values=plain)

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
