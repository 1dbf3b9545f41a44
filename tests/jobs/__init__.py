"""Test what `jobs` does."""
