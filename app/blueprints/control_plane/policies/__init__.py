"""Policies, their documents and the candidate, for operators."""

from app.blueprints.control_plane.policies.candidate import candidate_control
from app.blueprints.control_plane.policies.views import documents_control, policies_control

__all__ = ["candidate_control", "documents_control", "policies_control"]
