CREATE TEMPORARY TABLE `result_hotline_pulse` (
    window_seconds INT,
    window_start BIGINT,
    `area` STRING,
    events BIGINT,
    late BIGINT,
    `answered` BIGINT,
    `answered_in_15s` BIGINT,
    `answer_seconds_sum` BIGINT,
    `rated` BIGINT,
    `satisfied` BIGINT,
    version BIGINT,
    PRIMARY KEY (window_seconds, window_start, `area`) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'result-hotline-pulse',
    'key.format' = 'json',
    'value.format' = 'json'
);
