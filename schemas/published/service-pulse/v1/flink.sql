CREATE TEMPORARY TABLE `result_service_pulse` (
    window_seconds INT,
    window_start BIGINT,
    `area` STRING,
    events BIGINT,
    late BIGINT,
    `accepted` BIGINT,
    `finished` BIGINT,
    `online` BIGINT,
    `at_most_one_visit` BIGINT,
    `minutes_sum` BIGINT,
    `timed` BIGINT,
    version BIGINT,
    PRIMARY KEY (window_seconds, window_start, `area`) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'result-service-pulse',
    'key.format' = 'json',
    'value.format' = 'json'
);
