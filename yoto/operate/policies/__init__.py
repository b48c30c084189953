"""Policies, the data documents that they read, and the candidate beside them.

The policy store audits each change in the transaction that makes it, before any worker loads it.
"""

from yoto.operate.policies.candidate import candidate
from yoto.operate.policies.coverage import coverage
from yoto.operate.policies.documents import documents
from yoto.operate.policies.entries import in_force, version_of
from yoto.operate.policies.rego import policies

__all__ = ["candidate", "coverage", "documents", "in_force", "policies", "version_of"]
