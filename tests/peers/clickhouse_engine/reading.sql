SELECT sum(num_messages_read) AS n FROM system.kafka_consumers
