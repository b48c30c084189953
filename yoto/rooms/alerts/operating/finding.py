"""Open alerts and rules by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from yoto.operate.finding import Hit, fits
from yoto.operate.overrides import page_at

from ..extension import alerts
from ..records import AlertFilter

MOST_ALERTS = 100


def find(text: str, most: int, called: Callable[[str, str], str]) -> Iterator[Hit]:
    """At most ``most`` alerts whose text or rule contains the text, and as many rules.

    Args:
        called: gives the name of a rule in the reader's language.
    """

    def wanted(rule: str) -> bool:
        return fits(f"{rule} {called('rule', rule)}", text)

    firing = alerts.service.list(AlertFilter(open=True), limit=MOST_ALERTS).items
    fitting = [one for one in firing if wanted(one.rule) or fits(one.text, text)]
    for alert in fitting[:most]:
        name, labels = called("rule", alert.rule), " ".join(alert.labels.values())
        where = page_at("alerts", alert=str(alert.id))
        yield Hit("alert", f"alert:{alert.id}", name, labels or None, where)
    rules = [one.rule.name for one in alerts.rules.list() if wanted(one.rule.name)]
    for rule in rules[:most]:
        where = page_at("settings", part="thresholds", rule=rule)
        yield Hit("rule", "", called("rule", rule), rule, where)
