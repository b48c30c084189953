"""The record of policies in the database: the entries in force, all earlier ones, and authors."""

from yoto.rooms.policies.store.difference import DiffLine, difference_of
from yoto.rooms.policies.store.entry import (
    Entry,
    EntryChange,
    Revisions,
    StoredSet,
    StoredVersion,
    Version,
    VersionTexts,
    check_words,
    checked_name,
    document_text,
    source_hash,
)
from yoto.rooms.policies.store.reading import ENGINE_OF_FLEET, PolicyReader
from yoto.rooms.policies.store.shadow_counts import ShadowCountStore, StoredCounts
from yoto.rooms.policies.store.writing import Overtaken, PolicyWriter

__all__ = [
    "DiffLine",
    "ENGINE_OF_FLEET",
    "Entry",
    "EntryChange",
    "Revisions",
    "Overtaken",
    "PolicyReader",
    "PolicyWriter",
    "ShadowCountStore",
    "StoredCounts",
    "StoredSet",
    "StoredVersion",
    "Version",
    "VersionTexts",
    "difference_of",
    "document_text",
    "check_words",
    "checked_name",
    "source_hash",
]
