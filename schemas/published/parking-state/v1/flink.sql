CREATE TEMPORARY TABLE `result_parking_state` (
    window_seconds INT,
    window_start BIGINT,
    `car_park_id` STRING,
    events BIGINT,
    late BIGINT,
    `samples` BIGINT,
    `occupied_sum` BIGINT,
    `occupied_max` BIGINT,
    `capacity_max` BIGINT,
    `closed_samples` BIGINT,
    version BIGINT,
    PRIMARY KEY (window_seconds, window_start, `car_park_id`) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'result-parking-state',
    'key.format' = 'json',
    'value.format' = 'json'
);
