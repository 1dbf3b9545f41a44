"""Test what `streams` does."""
