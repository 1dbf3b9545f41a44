"""Test every folder by its mirror here."""
