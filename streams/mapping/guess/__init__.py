"""Propose a mapping file for a file that nobody has described."""
