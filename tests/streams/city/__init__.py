"""Test the living city."""
