"""Test the open feeds."""
