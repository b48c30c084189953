"""The record of policies in the database: what is in force, all that ever was, and who said so."""

from app.core.policy.store.difference import DiffLine, difference_of
from app.core.policy.store.entry import Change, Entry, StoredSet, StoredVersion
from app.core.policy.store.names import check_words, checked_name, document_text, source_hash
from app.core.policy.store.reading import PolicyReader
from app.core.policy.store.shadow_counts import ShadowCountStore, StoredCounts
from app.core.policy.store.writing import Overtaken, PolicyWriter

__all__ = [
    "Change",
    "DiffLine",
    "Entry",
    "Overtaken",
    "PolicyReader",
    "PolicyWriter",
    "ShadowCountStore",
    "StoredCounts",
    "StoredSet",
    "StoredVersion",
    "difference_of",
    "document_text",
    "check_words",
    "checked_name",
    "source_hash",
]
