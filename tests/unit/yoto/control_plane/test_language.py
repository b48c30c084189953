"""The catalogues of texts, and the choice between them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, current_app

from app.blueprints.community_pages.pages import TEXTS as COMMUNITY_TEXTS
from tests.support.audited_actions import Actions
from yoto.auth.failed_sign_ins import Failure
from yoto.control_plane.assets import Assets
from yoto.control_plane.language import (
    COOKIE,
    LANGUAGE_TAGS,
    LANGUAGES,
    age,
    areas,
    catalogue,
    current_language,
    duration,
    texts_of,
    translate,
)
from yoto.control_plane.navigation import CONTROL, details_of, pages_of
from yoto.parts.rooms import ALL, NONE, chosen
from yoto.permission.explain.text import texts as policy_texts
from yoto.permission.verdict import verdict
from yoto.resilience.config_store.document import Action
from yoto.room import keep_rooms
from yoto.rooms.decision_log.replaying import PLACE_GONE
from yoto.store.columns import utcnow

ROOT = Path(__file__).parents[4]
ROOMS = chosen(ALL)
PAGES = (*pages_of(ROOMS), *details_of(ROOMS))
TEMPLATES, SCRIPTS = (
    ROOT / "yoto/control_plane/templates/control",
    ROOT / "yoto/control_plane/static",
)
OF_ROOMS = [one.folder / "page" for one in ROOMS]
COMMUNITY = ROOT / "app/static/community"
PLACEHOLDER = re.compile(r"{\w+}")
LATER = re.compile(r'\bimport\("\./([^"]+)"\)')
SAME_IN_CHINESE = {"component.redis"}
# Keys of these are put together from a name that comes from elsewhere.
PUT_TOGETHER = (
    "access_requests.state_",
    "alerts.change_",
    "alerts.level_",
    "alerts.state_",
    "audit_area.",
    "band.",
    "cause.",
    "channel.connecting",
    "channel.live",
    "channel.off",
    "chart.range_",
    "component.",
    "condition.",
    "day.",
    "did.",
    "effect.",
    "engine_state.",
    "event.",
    "fact.",
    "first_step.",
    "forced.",
    "foretold.",
    "guard_",
    "happened.",
    "happened_state.",
    "headline.",
    "help.",
    "holding.",
    "kind.",
    "laid.",
    "lever_unit.",
    "live.",
    "measure.",
    "may.",
    "origin.",
    "palette.act.",
    "palette.kind.",
    "policies.asked_",
    "overwrites.allow",
    "overwrites.deny",
    "overwrites.inherit",
    "overview.worker_",
    "policies.warning.",
    "policy_state.",
    "reason.",
    "refusal.",
    "replay.",
    "request_state.",
    "rule.",
    "rules.",
    "said.",
    "says.",
    "scope.",
    "settings.bad_",
    "settings.disable",
    "settings.enable",
    "settings.right_",
    "source.",
    "spoken.",
    "standing.",
    "state.",
    "suggest.",
    "suggestions.apply_",
    "suggestions.dismiss_",
    "suggestions.result_",
    "tab.",
    "task.",
    "theme.",
    "tier.",
    "tuned.",
    "tuned_metric.",
    "turn.",
    "unit.",
    "verb.",
    "watched.",
    "way.",
    "what_if.",
    "why.",
    "yes_or_no.",
)

# Actions that the source puts together or takes from data, by the expression that does it.
ACTIONS_OF_RUN_TIME = {
    "_action_of(change, before)": {
        *(f"resilience.config.{action}" for action in Action),
        *(f"alert.rule.{act}" for act in ("add", "set", "remove", "reset", "rollback")),
    },
    "entry.action": set(),  # from an ``AuditEntry``, which is looked at where it is made
    "f'policy.{ENGINE}'": {"policy.engine"},
    "f'policy.{OVERRUN}'": {"policy.overrun"},
    "f'policy.{change.action}'": {
        f"policy.{act}"
        for act in ("put", "rollback", "remove", "shadow", "promote", "drop", "default")
    },
    "failed.failure": {str(failure) for failure in Failure},
}


@pytest.fixture(autouse=True)
def with_all_rooms() -> Iterator[None]:
    app = Flask("rooms")
    keep_rooms(app, ROOMS)
    with app.app_context():
        yield


def test_every_language_has_the_same_texts() -> None:
    keys = {language: list(catalogue(language)) for language in LANGUAGES}
    assert all(found == keys["en"] for found in keys.values())
    assert set(LANGUAGE_TAGS) == set(LANGUAGES)


def test_a_text_has_the_same_placeholders_in_every_language() -> None:
    for key, text in catalogue("en").items():
        expected = sorted(PLACEHOLDER.findall(text))
        for language in LANGUAGES:
            assert sorted(PLACEHOLDER.findall(catalogue(language)[key])) == expected, key


def test_chinese_texts_are_chinese() -> None:
    same = {key for key, text in catalogue("en").items() if catalogue("zh")[key] == text}
    assert same == SAME_IN_CHINESE


def test_no_key_is_in_two_areas() -> None:
    for language in LANGUAGES:
        keys = [key for texts in areas(language).values() for key in texts]
        assert len(keys) == len(set(keys))
        assert list(areas(language)) == list(areas("en"))


def used_keys() -> set[str]:
    """Keys that templates, scripts and code spell out."""
    folders = [ROOT / "yoto/control_plane", ROOT / "app", *OF_ROOMS]
    texts = [
        path.read_text(encoding="utf-8")
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".html", ".py", ".js")
    ]
    return set(re.findall(r"[\"'`]([a-z_0-9]+\.[a-z_0-9]*)[\"'`{]", "\n".join(texts)))


def test_no_text_is_there_for_nothing() -> None:
    titles = {f"{page.key}.title" for page in PAGES}
    unused = set(catalogue("en")) - used_keys() - titles
    assert {key for key in unused if not key.startswith(PUT_TOGETHER)} == set()


def asked_for(text: str) -> set[str]:
    """Keys of the texts that a template or script asks for by their whole names."""
    return set(re.findall(r"""\bt\(\s*["']([a-z_0-9]+\.[a-z_0-9]+)["']""", text))


def test_a_template_asks_for_texts_that_there_are() -> None:
    own = (ROOT / "app/templates" / name for name in ("operators", "community"))
    of_rooms = (file for folder in OF_ROOMS for file in folder.glob("*.html"))
    found = (*TEMPLATES.iterdir(), *(file for folder in own for file in folder.iterdir()))
    for path in (*found, *of_rooms):
        assert asked_for(path.read_text("utf-8")) <= set(catalogue("en")), path.name


@pytest.mark.parametrize("names", [ALL, NONE, *(one.name for one in ROOMS)])
def test_each_module_that_a_page_loads_finds_its_texts_there(names: str) -> None:
    rooms = chosen(names)
    keep_rooms(current_app, rooms)
    snapshot = Assets(
        {CONTROL: SCRIPTS, **{one.name: one.folder / "page" for one in rooms}}
    ).snapshot()
    pages = (*pages_of(rooms), *details_of(rooms))
    counters = [page.counter for page in pages if page.counted]
    for page in pages:
        loaded = snapshot.imports((CONTROL, "shell.js"), *counters, *page.modules)
        texts = {one: snapshot.files[one].content.decode() for one in loaded}
        later = [(CONTROL, name) for text in texts.values() for name in LATER.findall(text)]
        handed_out = set(texts_of("en", page.areas))
        for folder, path in snapshot.imports(*loaded, *later):
            asked = asked_for(snapshot.files[folder, path].content.decode())
            assert asked <= handed_out, f"{page.key}: {folder}/{path}"


def test_a_script_of_the_community_asks_for_texts_that_its_page_hands_out() -> None:
    for path in COMMUNITY.iterdir():
        asked = asked_for(path.read_text("utf-8"))
        assert asked <= set(texts_of("en", COMMUNITY_TEXTS)), path.name


def test_words_for_what_happens_in_a_room_are_in_its_folder() -> None:
    for room in ROOMS:
        sources = (path.read_text("utf-8") for path in room.folder.rglob("*.py"))
        types = {
            one for text in sources for one in re.findall(r'@event_type\("([a-z_.]+)"\)', text)
        }
        words = room.folder / "locale/en/events.json"
        said = json.loads(words.read_text("utf-8")) if types else {}
        assert all(any(key.startswith(f"happened.{one}") for key in said) for one in types)


@pytest.mark.parametrize(
    ("path", "cookie", "accepts", "expected"),
    [
        ("/", None, None, "en"),
        ("/", None, "zh-CN,zh;q=0.9,en;q=0.5", "zh"),
        ("/", None, "fr-FR,de", "en"),
        ("/", "zh", "en", "zh"),
        ("/?lang=en", "zh", "zh", "en"),
        ("/?lang=xx", "zh", "en", "zh"),
        ("/?lang=../../etc/passwd", "../x", "en", "en"),
    ],
)
def test_the_language_is_what_was_asked_for_chosen_or_preferred(
    path: str, cookie: str | None, accepts: str | None, expected: str
) -> None:
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    if accepts:
        headers["Accept-Language"] = accepts
    with Flask("spoken").test_request_context(path, headers=headers):
        assert current_language() == expected


def test_values_are_put_into_texts() -> None:
    with Flask("spoken").test_request_context("/?lang=zh"):
        assert translate("unit.minutes", n=3) == "3 分钟"


def test_a_text_that_is_not_there_is_an_error() -> None:
    with Flask("spoken").test_request_context("/"), pytest.raises(KeyError):
        translate("no.such.text")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_of_a_denial_is_said_in_words(language: str) -> None:
    said = {key.removeprefix("reason.") for key in areas(language)["reasons"]}
    own = {code for name, code in vars(verdict).items() if name.isupper() and type(code) is str}
    assert own | policy_texts("en").keys() | {PLACE_GONE} == said


def test_every_action_of_the_audit_log_is_said_in_words() -> None:
    actions = Actions()
    # A new expression comes with the actions that it may be.
    assert actions.unknown == ACTIONS_OF_RUN_TIME.keys()
    expected = actions.spelt.union(*ACTIONS_OF_RUN_TIME.values())
    assert {key.removeprefix("did.") for key in areas("en")["acts"]} == expected


def test_every_figure_with_a_question_mark_is_explained_and_leads_to_a_runbook() -> None:
    files = (file for folder in (SCRIPTS, *OF_ROOMS) for file in folder.rglob("*.js"))
    scripts = [path.read_text("utf-8") for path in files]
    asked = {key for text in scripts for key in re.findall(r'help: "(\w+)"', text)}
    runbooks = dict(
        re.findall(r'^  (\w+): "(\w+)",$', (SCRIPTS / "states.js").read_text("utf-8"), re.M)
    )
    explained = {key.removeprefix("help.") for key in areas("en")["help"]}

    assert asked and asked | set(runbooks) <= explained
    assert all((ROOT / "docs/runbooks" / f"{name}.md").is_file() for name in runbooks.values())


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-0.4, "0 s"),
        (0.0, "0 s"),
        (59.9, "59 s"),
        (60.0, "1 min"),
        (3599.0, "59 min"),
        (3600.0, "1 h"),
        (86399.0, "23 h"),
        (86400.0, "1 d"),
        (40 * 86400.0, "40 d"),
    ],
)
def test_the_largest_unit_that_fits_is_told(seconds: float, expected: str) -> None:
    now = utcnow()
    with Flask("spoken").test_request_context("/?lang=en"):
        assert duration(seconds) == expected
        assert age(now - timedelta(seconds=seconds), now) == expected
