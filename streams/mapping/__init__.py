"""Turn the rows of a recording or partner file into events, as a mapping file says."""
