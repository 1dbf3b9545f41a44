"""Do the job in PyFlink with a Python function that takes one record at a time."""
