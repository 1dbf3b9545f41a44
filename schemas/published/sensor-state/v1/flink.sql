CREATE TEMPORARY TABLE `result_sensor_state` (
    window_seconds INT,
    window_start BIGINT,
    `sensor_id` STRING,
    events BIGINT,
    late BIGINT,
    `speed_samples` BIGINT,
    `speed_sum` BIGINT,
    `flow_samples` BIGINT,
    `flow_sum` BIGINT,
    version BIGINT,
    PRIMARY KEY (window_seconds, window_start, `sensor_id`) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'result-sensor-state',
    'key.format' = 'json',
    'value.format' = 'json'
);
