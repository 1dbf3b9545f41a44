"""Test the wall's parts."""
