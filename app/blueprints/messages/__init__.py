"""``/api/v1/channels/<id>/messages``: what people say."""

from app.blueprints.messages.views import messages

__all__ = ["messages"]
