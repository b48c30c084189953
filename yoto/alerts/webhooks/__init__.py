"""Webhooks: alerts sent to addresses of operators, signed, in order, and again if need be."""
