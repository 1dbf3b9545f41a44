"""Act on results: Faust agents."""
