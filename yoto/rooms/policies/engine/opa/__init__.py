"""The engine on an OPA server."""
