"""Policies, the data documents that they read, and the candidate beside them.

The policy store audits each change in the transaction that makes it, before any worker loads it.
"""

from yoto.rooms.policies.operating.candidate import candidate
from yoto.rooms.policies.operating.coverage import coverage
from yoto.rooms.policies.operating.documents import documents
from yoto.rooms.policies.operating.entries import in_force, version_of
from yoto.rooms.policies.operating.rego import policies

__all__ = ["candidate", "coverage", "documents", "in_force", "policies", "version_of"]
