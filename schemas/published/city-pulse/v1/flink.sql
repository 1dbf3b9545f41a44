CREATE TEMPORARY TABLE `result_city_pulse` (
    window_seconds INT,
    window_start BIGINT,
    `area` STRING,
    events BIGINT,
    late BIGINT,
    `speed_samples` BIGINT,
    `speed_sum` BIGINT,
    `flow_samples` BIGINT,
    `flow_sum` BIGINT,
    `parking_samples` BIGINT,
    `parking_occupied_sum` BIGINT,
    `parking_capacity_sum` BIGINT,
    `cases_reported` BIGINT,
    `cases_closed` BIGINT,
    `calls` BIGINT,
    `calls_answered` BIGINT,
    `items` BIGINT,
    `items_online` BIGINT,
    `pm2_5_samples` BIGINT,
    `pm2_5_sum` BIGINT,
    version BIGINT,
    PRIMARY KEY (window_seconds, window_start, `area`) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'result-city-pulse',
    'key.format' = 'json',
    'value.format' = 'json'
);
