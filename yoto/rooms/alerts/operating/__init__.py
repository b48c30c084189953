"""What operators see of alerts, and do about them."""
