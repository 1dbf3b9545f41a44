"""Compute results of the recordings directly with pandas, sharing no code with the road.

Each module has `expected(path) -> DataFrame`: one row a window and key, measures in the scaled
integers that results keep (value * 10^decimals, half to even), `window_start` in epoch seconds.
"""
