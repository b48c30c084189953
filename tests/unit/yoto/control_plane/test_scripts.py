"""Modules import what there is: without a build step only a browser would say so, on that page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from yoto.control_plane.static_files import FOLDER
from yoto.parts.rooms import ALL, chosen

COMMUNITY = Path(__file__).parents[4] / "app/static/community"
# As addresses have them: beside each other.
OF_ROOMS = {one.name: one.folder / "page" for one in chosen(ALL)}
FOLDERS = {"control": FOLDER, "community": COMMUNITY, **OF_ROOMS}
IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"([^"]+)";$', re.MULTILINE)
LATER = re.compile(r'\bimport\("([^"]+)"\)')
EXPORT = re.compile(r"^export (?:async )?(?:function|const|let|class) (\w+)", re.MULTILINE)


def modules() -> dict[str, str]:
    """The text of each, by its address."""
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path.read_text("utf-8")
        for name, folder in FOLDERS.items()
        for path in folder.rglob("*.js")
        if "vendor" not in path.parts
    }


def missing(texts: dict[str, str]) -> list[str]:
    """The modules and names that are imported and not there."""
    found = []
    for address, text in texts.items():
        asked = [(one[2], one[1] or "") for one in IMPORT.finditer(text)]
        for other, names in (*asked, *((one, "") for one in LATER.findall(text))):
            named = (Path("/") / address / ".." / other).resolve().relative_to("/").as_posix()
            wanted = {name.split(" as ")[0].strip() for name in names.split(",")} - {""}
            there = set(EXPORT.findall(texts.get(named, "")))
            if named not in texts or wanted - there:
                found.append(f"{address}: {', '.join(sorted(wanted - there))} of {named}")
    return found


def test_modules_import_what_there_is() -> None:
    assert missing(modules()) == []


def test_no_module_outside_a_room_imports_one_of_it() -> None:
    found = []
    for address, text in modules().items():
        home = address.partition("/")[0]
        others = OF_ROOMS.keys() - {home}
        asked = (*(one[2] for one in IMPORT.finditer(text)), *LATER.findall(text))
        found += [(address, one) for one in asked for other in others if f"../{other}/" in one]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        'import { h, svg } from "./dom.js";',
        'import { h } from "./elements.js";',
        'const { h } = await import("./elements.js");',
    ],
)
def test_an_import_of_what_is_not_there_is_found(text: str) -> None:
    texts = {"control/dom.js": "export const h = 1;", "control/page.js": text}
    assert missing(texts)
    assert not missing({**texts, "control/page.js": 'import { h as make } from "./dom.js";'})
