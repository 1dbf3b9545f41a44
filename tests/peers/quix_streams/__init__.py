"""Do the job as a streaming data frame of Quix Streams."""
