"""Test the launchers, the supervision and the commands."""
