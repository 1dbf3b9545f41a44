"""Test the pages of the console."""
