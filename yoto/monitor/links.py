"""Links to pages of the control plane, and to the runbooks of the rules."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.settings import of

from .default_rules import DEFAULT_RULES

# The platform's own rules have a runbook in ``docs/runbooks``, which the control plane shows.
SHIPPED = frozenset(rule.name for rule in DEFAULT_RULES)
RULE = "{rule}"


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses in messages and responses.

    Attributes:
        public_url: where clients reach the application; None: links are paths.
        runbooks: an address with ``{rule}`` in it, instead of the control plane's own runbooks.
    """

    public_url: str | None = of("PUBLIC_URL")
    runbooks: str | None = of("RUNBOOKS_URL")

    def page(self, path: str) -> str:
        """A page of the control plane by its path below ``/control/``."""
        return f"{(self.public_url or '').rstrip('/')}/control/{path}"

    def runbook(self, rule: str, own: str = "") -> str | None:
        """The address of a rule's runbook; None: it has none.

        Args:
            own: the address that the rule names itself, if it does.
        """
        if own:
            return own
        if rule not in SHIPPED:
            return None
        if self.runbooks is not None:
            return self.runbooks.replace(RULE, rule)
        return self.page(f"runbooks/{rule}")
