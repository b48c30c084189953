"""The pages of the community for its people: sign-in, servers, and what may be done there.

They have no rights of their own: what they show and do goes through ``/api/v1``, with an access
token of whoever is signed in.
"""

from app.blueprints.community_pages.pages import community_pages
from app.blueprints.community_pages.sign_in import session_pages

__all__ = ["community_pages", "session_pages"]
