CREATE TEMPORARY TABLE `result_air_quality` (
    window_seconds INT,
    window_start BIGINT,
    `station_id` STRING,
    `quantity` STRING,
    events BIGINT,
    late BIGINT,
    `value_sum` BIGINT,
    `value_min` BIGINT,
    `value_max` BIGINT,
    version BIGINT,
    PRIMARY KEY (window_seconds, window_start, `station_id`, `quantity`) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'result-air-quality',
    'key.format' = 'json',
    'value.format' = 'json'
);
