"""Questions about rights and their reasons; groups of permissions; subjects and resources."""
