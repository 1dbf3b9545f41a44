"""Let a city live: traffic driven by SUMO, and everything else consistent with it, from a seed."""
