"""Do the job in Flink SQL with a function in Java."""
