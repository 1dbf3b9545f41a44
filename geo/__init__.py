"""Know where things are: datums, the area tree, cells, and which area holds a point."""
