"""What set-up and development need beside the application; nothing of it runs with it."""
