CREATE TABLE store.windows (
    window_seconds UInt16, window_start UInt32, area LowCardinality(String),
    road_class LowCardinality(String), events UInt64, speed_sum UInt64, speed_p85 UInt32,
    speed_min UInt32, speed_max UInt32
) ENGINE = ReplacingMergeTree(events) ORDER BY (window_seconds, window_start, area, road_class);

CREATE TABLE store.letters (
    class LowCardinality(String), reason String, body String
) ENGINE = MergeTree ORDER BY class;

CREATE TABLE store.windows_queue (
    window_seconds UInt16, window_start UInt32, area String, road_class String, events UInt64,
    speed_sum UInt64, speed_p85 UInt32, speed_min UInt32, speed_max UInt32
) ENGINE = Kafka SETTINGS
    kafka_broker_list = '{brokers}', kafka_topic_list = 'bench-windows-{group}',
    kafka_group_name = '{group}-windows', kafka_format = 'JSONEachRow',
    kafka_flush_interval_ms = 1000, kafka_security_protocol = 'sasl_plaintext',
    kafka_sasl_mechanism = 'PLAIN', kafka_sasl_username = '{account}',
    kafka_sasl_password = '{password}';

CREATE MATERIALIZED VIEW store.windows_in TO store.windows AS SELECT * FROM store.windows_queue;

CREATE TABLE store.letters_queue (class String, reason String, body String)
ENGINE = Kafka SETTINGS
    kafka_broker_list = '{brokers}', kafka_topic_list = 'bench-letters-{group}',
    kafka_group_name = '{group}-letters', kafka_format = 'JSONEachRow',
    kafka_flush_interval_ms = 1000, kafka_security_protocol = 'sasl_plaintext',
    kafka_sasl_mechanism = 'PLAIN', kafka_sasl_username = '{account}',
    kafka_sasl_password = '{password}';

CREATE MATERIALIZED VIEW store.letters_in TO store.letters AS SELECT * FROM store.letters_queue
