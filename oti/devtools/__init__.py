"""What makes one command enough on a developer's machine. Never imported in production."""
