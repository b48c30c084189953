"""Files of the pages in memory, and the version that their addresses name."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from yoto.control_plane import assets
from yoto.control_plane.assets import Assets


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    made = {name: tmp_path / name for name in ("control", "community")}
    for folder in made.values():
        (folder / "parts").mkdir(parents=True)
        (folder / "parts" / "one.js").write_text("export const one = 1;\n" * 100)
    (made["control"] / ".installed").touch()
    return made


@pytest.fixture(autouse=True)
def always_rechecked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "RECHECKED_AFTER", 0.0)


def test_the_same_files_have_the_same_version_wherever_and_whenever_they_are(
    folders: dict[str, Path],
) -> None:
    before = Assets(folders).snapshot().version
    os.utime(folders["control"] / "parts" / "one.js", (1, 1))
    moved = {name: folder.rename(f"{folder}-moved") for name, folder in folders.items()}
    assert Assets(dict(reversed(moved.items()))).snapshot().version == before


def test_a_change_of_any_file_in_any_folder_changes_the_version(folders: dict[str, Path]) -> None:
    served = Assets(folders)
    versions = [served.snapshot().version]
    (folders["community"] / "parts" / "one.js").write_text("export const one = 2;\n")
    versions.append(served.snapshot().version)
    (folders["control"] / "another.css").write_text("")
    versions.append(served.snapshot().version)
    (folders["control"] / "another.css").rename(folders["community"] / "another.css")
    versions.append(served.snapshot().version)
    assert len(set(versions)) == len(versions)


def test_what_did_not_change_is_not_read_again(folders: dict[str, Path]) -> None:
    served = Assets(folders)
    assert served.snapshot() is served.snapshot()


def test_files_are_found_by_folder_and_path_and_hidden_ones_are_not(
    folders: dict[str, Path],
) -> None:
    found = Assets(folders).snapshot().files
    assert sorted(found) == [("community", "parts/one.js"), ("control", "parts/one.js")]


def test_templates_beside_files_are_left_out_where_they_are_named(
    folders: dict[str, Path],
) -> None:
    for folder in folders.values():
        (folder / "page.html").write_text("")
    found = Assets(folders, {"control": ".html"}).snapshot().files
    assert [name for name in found if name[1] == "page.html"] == [("community", "page.html")]


def test_only_what_becomes_smaller_is_compressed(folders: dict[str, Path]) -> None:
    (folders["control"] / "small.css").write_text("a{}")
    (folders["control"] / "picture.png").write_bytes(bytes(5_000))
    found = Assets(folders).snapshot().files
    script = found["control", "parts/one.js"]
    assert script.compressed is not None
    assert gzip.decompress(script.compressed) == script.content
    assert len(script.compressed) < len(script.content)
    assert found["control", "small.css"].compressed is None
    assert found["control", "picture.png"].compressed is None


def test_a_page_knows_all_modules_that_it_imports_each_once(folders: dict[str, Path]) -> None:
    sources = {
        "control/dom.js": "export const h = 1;",
        "control/table.js": 'import { h } from "./dom.js";\nconst later = import("./late.js");',
        "control/late.js": "",
        "control/parts/list.js": 'import { h } from "../dom.js";\nexport * from "../table.js";',
        "community/page.js": 'import {\n  h\n} from "../control/parts/list.js";\nimport "./a.js";',
    }
    for name, source in sources.items():
        (folders[name.split("/")[0]].parent / name).write_text(source)
    found = Assets(folders).snapshot().imports(("community", "page.js"), ("community", "page.js"))
    assert sorted(found) == [
        ("community", "page.js"),
        ("control", "dom.js"),
        ("control", "parts/list.js"),
        ("control", "table.js"),
    ]
