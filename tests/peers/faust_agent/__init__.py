"""Do the job with agents, tables and a timer of Faust."""
