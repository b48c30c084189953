"""Webhooks: alerts sent to operators' addresses, signed, in order, and with retries."""
