"""Test the event intake."""
