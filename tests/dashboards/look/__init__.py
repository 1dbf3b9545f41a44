"""Test the look."""
