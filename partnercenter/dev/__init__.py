"""What a developer's machine needs and production does not: embedded servers and the one-command runner."""
