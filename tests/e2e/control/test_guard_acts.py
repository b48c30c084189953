"""Acts on guards whose effect takes a breaker that opens by itself, or a worker that died."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.control.test_guards import (
    SEARCHING,
    WHY,
    Member,
    act,
    card,
    guards_page,
    open_editor,
)
from tests.support.control_pages import assert_accessible
from tests.support.process import ROOT, RunningYoto
from tests.support.waiting import wait_until
from yoto.resilience import Kind, Resilience

CRUEL, KIND = "every call is slow", "no call is slow"
# A worker that ends while eight callers search in it.
DYING = """
import os
from app import create_app
from yoto.resilience import Resilience

resilience = Resilience.of(create_app())
slots = [resilience.bulkhead("message.search").acquire(0) for _ in range(8)]
resilience.close()
os._exit(0)
"""


@pytest.fixture(scope="module")
def member(yoto: RunningYoto) -> Member:
    return Member(yoto)


def set_here(editor: Locator, field: str, value: str) -> None:
    place = editor.locator(f'[data-field="{field}"]')
    place.locator("input").fill(value)


def save(editor: Locator, reason: str) -> None:
    editor.get_by_label("Reason").fill(reason)
    editor.get_by_role("button", name="Save").click()
    expect(editor).to_have_count(0)


def test_a_breaker_is_configured_forced_closed_and_rolled_back(
    browser: Browser, yoto: RunningYoto, member: Member
) -> None:
    assert member.search() == 200
    with guards_page(browser, yoto) as page:
        breaker = card(page, "circuit_breaker", SEARCHING)
        try:
            editor = open_editor(page, "circuit_breaker", SEARCHING)
            set_here(editor, "slow_call_duration", "0.001")
            set_here(editor, "slow_call_rate_threshold", "1")
            set_here(editor, "minimum_calls", "1")
            set_here(editor, "recovery_timeout", "60")
            save(editor, CRUEL)
            wait_until(lambda: member.search() == 503)
            expect(breaker.locator(".badge.failed")).to_have_text("Open")

            force_closed(page, breaker)
            assert [member.search() for _ in range(4)] == [200] * 4
            act(page, breaker, "Reset")
            expect(breaker).not_to_contain_text("Forced by")
            wait_until(lambda: member.search() == 503)

            editor = open_editor(page, "circuit_breaker", SEARCHING)
            set_here(editor, "slow_call_duration", "60")
            save(editor, KIND)
            act(page, breaker, "Reset")
            wait_until(lambda: [member.search() for _ in range(4)] == [200] * 4)

            roll_back(page, CRUEL)
            wait_until(lambda: member.search() == 503)
        finally:
            editor = open_editor(page, "circuit_breaker", SEARCHING)
            editor.get_by_label("Reason").fill("enough")
            editor.get_by_role("button", name="Back to the default").click()
            expect(editor).to_have_count(0)
            act(page, breaker, "Reset")
    wait_until(lambda: [member.search() for _ in range(4)] == [200] * 4)


def test_only_what_is_valid_and_different_is_saved_and_nothing_typed_is_lost(
    browser: Browser, yoto: RunningYoto
) -> None:
    with guards_page(browser, yoto) as page:
        editor = open_editor(page, "circuit_breaker", SEARCHING)
        button = editor.get_by_role("button", name="Save")
        expect(editor).to_contain_text("No changes.")
        expect(button).to_be_disabled()
        set_here(editor, "minimum_calls", "many")
        expect(editor.locator(".failed.notice").first).to_be_visible()
        expect(button).to_be_disabled()
        set_here(editor, "minimum_calls", "77")
        expect(button).to_be_enabled()
        page.keyboard.press("Escape")
        editor.get_by_role("button", name="Keep editing").click()
        expect(editor.locator('[data-field="minimum_calls"] input')).to_have_value("77")
        editor.get_by_role("button", name="Close").click()
        editor.get_by_role("button", name="Discard").click()
        expect(editor).to_have_count(0)


def test_new_values_go_to_one_worker_first_and_are_taken_back(
    browser: Browser, yoto: RunningYoto
) -> None:
    with guards_page(browser, yoto) as page:
        bulkhead = card(page, "bulkhead", SEARCHING)
        editor = open_editor(page, "bulkhead", SEARCHING)
        changes = editor.locator(".difference")
        editor.get_by_role("button", name="Halve Concurrent calls").click()
        expect(changes).to_have_text("Concurrent calls Before 8 → After 4")
        editor.get_by_role("button", name="Revert Concurrent calls").click()
        expect(editor).to_contain_text("No changes.")
        editor.get_by_role("button", name="Double Concurrent calls").click()
        expect(changes).to_have_text("Concurrent calls Before 8 → After 16")
        editor.get_by_label("Apply to").select_option("one")
        expect(editor.get_by_label("Worker").locator("option")).not_to_have_count(0)
        assert_accessible(page)
        save(editor, WHY)
        expect(bulkhead).to_contain_text("One worker is trying it")
        expect(bulkhead).to_contain_text(WHY)
        page.get_by_role("button", name="Table").click()
        expect(page).to_have_url(re.compile("view=table"))
        line = page.get_by_role("row").filter(has_text="on trial in one worker")
        expect(line).to_have_count(1)
        assert_accessible(page)
        page.get_by_role("button", name="Cards").click()
        act(page, bulkhead, "Revert")
        expect(bulkhead).not_to_contain_text("One worker is trying it")


def force_closed(page: Page, breaker: Locator) -> None:
    """For five minutes."""
    breaker.get_by_role("button", name="Bypass breaker").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Duration").select_option("5 min")
    dialog.get_by_label("Reason").fill(WHY)
    dialog.locator("button[type=submit]").click()
    expect(dialog).to_have_count(0)
    expect(breaker.locator(".badge.warning")).to_have_text("Bypassed")
    expect(breaker).to_contain_text(WHY)
    expect(breaker).to_contain_text(re.compile(r"[45] min left"))


def roll_back(page: Page, reason: str) -> None:
    """To the version that was set for that reason."""
    editor = open_editor(page, "circuit_breaker", SEARCHING)
    editor.locator("summary").click()
    older = editor.get_by_role("row").filter(has_text=reason)
    older.get_by_role("button", name="Roll back to this").click()
    asked = page.get_by_role("dialog").last
    asked.get_by_label("Reason").fill(WHY)
    asked.locator("button[type=submit]").click()
    slow = editor.locator('[data-field="slow_call_duration"] input')
    expect(slow).to_have_value("0.001")
    editor.get_by_role("button", name="Close").click()
    expect(editor).to_have_count(0)


@pytest.fixture
def died(yoto: RunningYoto, neighbour: Flask) -> Iterator[None]:
    """A worker of the installation is gone with all slots of searches, for an hour."""
    config = Resilience.of(neighbour).config
    config.set(Kind.BULKHEAD, SEARCHING, {"lease": 3600}, author="test", reason=WHY)
    command = [sys.executable, "-c", DYING]
    subprocess.run(command, cwd=ROOT, env=yoto.environment, check=True, capture_output=True)
    yield
    config.delete(Kind.BULKHEAD, SEARCHING, author="test", reason=WHY)


def test_slots_of_a_dead_worker_are_given_back(
    browser: Browser, yoto: RunningYoto, member: Member, died: None
) -> None:
    with guards_page(browser, yoto) as page:
        bulkhead = card(page, "bulkhead", SEARCHING)
        expect(bulkhead).to_contain_text("8 / 8")
        assert member.search() == 503
        act(page, bulkhead, "Release dead slots")
        expect(page.locator("#toasts")).to_contain_text("8 slots were freed.")
        assert member.search() == 200
        expect(bulkhead).to_contain_text("0 / 8")
