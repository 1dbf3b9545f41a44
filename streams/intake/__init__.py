"""Take events over HTTP, judge them at once, and answer when Kafka has them."""
