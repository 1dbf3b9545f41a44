"""Test the queries of wall, console and feed against a real store."""
