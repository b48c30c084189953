from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from yoto.redis import load_lua, load_script

HEADER = "-- Says hello.\n-- KEYS: 1 a key\n-- ARGV: none\n-- returns: 1\n-- repeatable: yes\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Makes an importable package that holds the given files."""

    def make(**files: str) -> str:
        folder = tmp_path / "lua_files_of_a_test"
        folder.mkdir()
        (folder / "__init__.py").touch()
        for stem, text in files.items():
            (folder / f"{stem}.lua").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, folder.name, raising=False)
        return folder.name

    return make


def test_the_header_is_read(package: Callable[..., str]) -> None:
    script = load_script(package(hello=HEADER + "return 1\n"), "hello.lua")
    assert (script.name, script.repeatable) == ("hello.lua", True)
    assert (script.keys, script.argv, script.returns) == ("1 a key", "none", "1")


def test_the_sha_is_that_of_the_text_the_server_gets(package: Callable[..., str]) -> None:
    script = load_script(package(hello=HEADER + "return 1\n"), "hello.lua")
    assert script.sha == hashlib.sha1(script.source.encode()).hexdigest()


def test_a_script_may_say_that_it_is_not_repeatable(package: Callable[..., str]) -> None:
    text = HEADER.replace("repeatable: yes", "repeatable: no")
    assert not load_script(package(hello=text + "return 1"), "hello.lua").repeatable


@pytest.mark.parametrize("field", ["KEYS", "ARGV", "returns", "repeatable"])
def test_a_header_without_a_field_is_refused(package: Callable[..., str], field: str) -> None:
    lines = [line for line in HEADER.splitlines() if f" {field}:" not in line]
    name = package(hello="\n".join(lines) + "\nreturn 1")
    with pytest.raises(ValueError, match=rf"hello\.lua.*{field.lower()}"):
        load_script(name, "hello.lua")


def test_a_field_below_the_first_code_line_does_not_count(package: Callable[..., str]) -> None:
    name = package(hello=HEADER.replace("-- KEYS: 1 a key\n", "") + "return 1\n-- KEYS: 1\n")
    with pytest.raises(ValueError, match="keys"):
        load_script(name, "hello.lua")


def test_repeatable_is_yes_or_no(package: Callable[..., str]) -> None:
    name = package(hello=HEADER.replace("repeatable: yes", "repeatable: maybe"))
    with pytest.raises(ValueError, match="maybe"):
        load_script(name, "hello.lua")


def test_an_included_file_stands_in_its_place_once(package: Callable[..., str]) -> None:
    name = package(
        hello=HEADER + "--@include clock.lua\n--@include window.lua\nreturn now()\n",
        window="--@include clock.lua\nlocal function window() return now() end\n",
        clock="local function now() return 1 end\n",
    )
    source = load_script(name, "hello.lua").source
    assert source.count("local function now()") == 1
    lines = [line for line in source.splitlines() if line and not line.startswith("--")]
    assert lines == [
        "local function now() return 1 end",
        "local function window() return now() end",
        "return now()",
    ]
    assert "@include" not in source


def test_an_included_file_that_is_not_there_is_an_error(package: Callable[..., str]) -> None:
    name = package(hello=HEADER + "--@include gone.lua\n")
    with pytest.raises(FileNotFoundError):
        load_script(name, "hello.lua")


def test_what_is_inserted_stands_in_its_place(package: Callable[..., str]) -> None:
    name = package(
        hello=HEADER + "--@include inner.lua\nreturn one()\n",
        inner="local one\ndo\n--@insert part\nend\n",
        part="--@include two.lua\none = function() return two end\n",
        two="local two = 2\n",
    )
    part = load_lua(name, "part.lua")
    assert part.strip() == "local two = 2\none = function() return two end"
    source = load_script(name, "hello.lua", part=part).source
    assert f"local one\ndo\n{part}" in source
    assert "@insert" not in source


def test_what_is_not_given_cannot_be_inserted(package: Callable[..., str]) -> None:
    name = package(hello=HEADER + "--@insert part\nreturn 1\n")
    with pytest.raises(KeyError, match="part"):
        load_script(name, "hello.lua")
