"""Do the job in Flink SQL, given one function that judges one record."""
