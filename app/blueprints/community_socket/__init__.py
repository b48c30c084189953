"""The Socket.IO namespace ``/community``: new messages, as they are sent."""

from app.blueprints.community_socket.broadcasting import broadcast
from app.blueprints.community_socket.fan_out import fan_out_of
from app.blueprints.community_socket.namespace import init_community

__all__ = ["broadcast", "fan_out_of", "init_community"]
