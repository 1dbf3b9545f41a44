"""Measure the road: each module measures one figure on the running city."""
