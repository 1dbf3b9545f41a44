CREATE TEMPORARY TABLE `result_area_traffic` (
    window_seconds INT,
    window_start BIGINT,
    `area` STRING,
    events BIGINT,
    late BIGINT,
    `vehicles` BIGINT,
    `speed_samples` BIGINT,
    `speed_sum` BIGINT,
    `flow_samples` BIGINT,
    `flow_sum` BIGINT,
    version BIGINT,
    PRIMARY KEY (window_seconds, window_start, `area`) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'result-area-traffic',
    'key.format' = 'json',
    'value.format' = 'json'
);
