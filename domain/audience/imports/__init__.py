"""Guests from a file: read, staged, told apart, merged into the members in a few statements."""
