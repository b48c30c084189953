"""What every HTTP answer shares: problems, sign-in, request context, security headers."""
