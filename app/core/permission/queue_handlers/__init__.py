"""What the platform's own kinds of queue items do, a file a kind; each needs an app context."""
