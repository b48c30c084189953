"""docs/settings.md, made of the declarations of the configuration keys.

``tests/unit/docs/test_settings_page.py`` compares. After a change of a declaration::

    python -m tests.support.settings_page
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import config
from yoto.parts.rooms import ALL, chosen
from yoto.settings import Defaults, Setting, declared

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
HEAD = """\
# Settings

Every configuration key with its default and what it may be. This page is made of the declarations
(`yoto/settings`, `config.py`) by `python -m tests.support.settings_page`.

- **The application of this repository** takes them from the classes of `config.py`, from the
  environment with `YOTO_` before each (`YOTO_REDIS_URL`), and from the mapping given to
  `create_app`; the later wins. A wrong value stops the start, and the error names the key; so does
  a variable `YOTO_...` that is no key.
- **An application that Yoto is [a guest in](embed.md)** has those of the platform with `YOTO_`
  before each, in its `app.config` or in the environment; its `app.config` wins. Yoto does not read
  its own keys of the same names.
- Two more variables are no keys: `YOTO_ENVIRONMENT` names the class (`development`, `testing`,
  `production`), and `YOTO_INSTANCE_PATH` the folder of the embedded parts (`instance/`).

What can be changed while workers run is in [tuning.md](tuning.md#what-changes-while-workers-run).
Units: s, ms, hours and days are times; a share has no unit.
"""
OWN = "The application of this repository: [serving.md](serving.md)"


def page() -> str:
    """The text of the page."""
    return "\n".join([HEAD, *_sections(), *_environments()])


def _sections() -> Iterator[str]:
    for section in Defaults.__bases__:
        yield from _section(section.__doc__ or section.__name__, declared(section))
    for room in chosen(ALL):
        for section in room.settings:
            yield from _section(section.__doc__ or section.__name__, declared(section))
    own = {key: one for key, one in declared(config.Base).items() if key in vars(config.Base)}
    yield from _section(OWN, own)


def _section(title: str, settings: Mapping[str, Setting]) -> Iterator[str]:
    heading, _, link = title.partition(": ")
    yield f"## {heading}\n"
    if link:
        yield f"See {link}.\n"
    yield "| key | default | may be | meaning |\n|---|---|---|---|"
    for key, one in settings.items():
        yield f"| `{key}` | {_default(one.default)} | {_allowed(one)} | {one.meaning} |"
    yield ""


def _default(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:.10g}`" if isinstance(value, float) else f"`{value}`"


def _allowed(one: Setting) -> str:
    rule = one.rule.describe()
    if rule["type"] in ("whole", "number"):
        return f"{rule['minimum']:.10g} to {rule['maximum']:.10g} {rule['unit']}".rstrip()
    if rule["type"] == "choice":
        return ", ".join(f"`{name}`" for name in rule["choices"])
    return {"flag": "true or false", "nodes": "addresses"}.get(rule["type"]) or rule["says"]


def _environments() -> Iterator[str]:
    yield "## What environments change\n"
    yield "| key | development | testing | production |\n|---|---|---|---|"
    classes = config.CLASSES.values()
    known = declared(config.Base) | {
        key: one for room in chosen(ALL) for key, one in room.keys.items()
    }
    changed = {key for one in classes for key in vars(one) if key in known}
    for key in sorted(changed - {"SECRET_KEY"}):
        shown = " | ".join(_default(getattr(one, key, known[key].default)) for one in classes)
        yield f"| `{key}` | {shown} |"
    yield ""


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
