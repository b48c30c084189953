"""Policies, their documents and the candidate, for operators."""

from yoto.control_plane.policies.candidate import candidate_control
from yoto.control_plane.policies.views import documents_control, policies_control

__all__ = ["candidate_control", "documents_control", "policies_control"]
