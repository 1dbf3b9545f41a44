"""Do the job by a hand-written loop."""
