"""Each rule for Prometheus leads to a runbook, and those that no rule of the platform shares to one
that names them."""

from __future__ import annotations

import pytest
import yaml

from tests.support.prometheus_files import SCRAPES, rules
from yoto.control_plane.language import LANGUAGES
from yoto.control_plane.runbook import FOLDER, read_runbook

PAGE = "{{ $externalLabels.yoto_url }}/control/runbooks/"
OWN = "prometheus"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_each_rule_leads_to_its_runbook(rule: dict[str, dict[str, str]]) -> None:
    address = rule["annotations"]["runbook_url"]
    assert address.startswith(PAGE)
    name = address.removeprefix(PAGE)
    for language in LANGUAGES:
        assert read_runbook(name, language) is not None
    if name == OWN:
        assert f"`{rule['alert']}`" in (FOLDER / f"{OWN}.md").read_text(encoding="utf-8")


def test_the_address_of_the_control_plane_is_a_label_that_operators_find() -> None:
    scrapes = yaml.safe_load(SCRAPES.read_text(encoding="utf-8"))
    assert scrapes["global"]["external_labels"] == {"yoto_url": "https://yoto.example"}
