"""Drill the running city: bad input, disorder, and requests that no client should send."""
