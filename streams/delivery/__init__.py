"""Deliver records to Kafka by whichever client is installed, with one behaviour."""
