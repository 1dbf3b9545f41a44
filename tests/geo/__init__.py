"""Test what `geo` does."""
