"""Compute results: the PyFlink gate and one file a result."""
