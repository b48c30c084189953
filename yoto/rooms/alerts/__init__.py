"""Alerts: values that have been bad for a while, and the webhooks that receive them."""
