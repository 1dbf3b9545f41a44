"""Test the drills."""
