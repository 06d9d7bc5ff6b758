"""What instructions mean, and how people say it."""
