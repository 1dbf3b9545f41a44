CREATE TEMPORARY TABLE `result_road_state` (
    window_seconds INT,
    window_start BIGINT,
    `road_id` STRING,
    events BIGINT,
    late BIGINT,
    `vehicles` BIGINT,
    `speed_samples` BIGINT,
    `speed_sum` BIGINT,
    `speed_min` BIGINT,
    `speed_max` BIGINT,
    `flow_samples` BIGINT,
    `flow_sum` BIGINT,
    `occupancy_samples` BIGINT,
    `occupancy_sum` BIGINT,
    version BIGINT,
    PRIMARY KEY (window_seconds, window_start, `road_id`) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'result-road-state',
    'key.format' = 'json',
    'value.format' = 'json'
);
