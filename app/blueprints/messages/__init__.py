"""``/api/v1/channels/<id>/messages``: what people say."""

from app.blueprints.messages.posts import message_payload
from app.blueprints.messages.views import messages

__all__ = ["message_payload", "messages"]
