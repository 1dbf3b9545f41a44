CREATE TEMPORARY TABLE `result_grid_caseload` (
    window_seconds INT,
    window_start BIGINT,
    `area` STRING,
    `department` STRING,
    events BIGINT,
    late BIGINT,
    `reported` BIGINT,
    `verified` BIGINT,
    `filed` BIGINT,
    `dispatched` BIGINT,
    `handled` BIGINT,
    `checked` BIGINT,
    `closed` BIGINT,
    `returned` BIGINT,
    `extended` BIGINT,
    `reworked` BIGINT,
    version BIGINT,
    PRIMARY KEY (window_seconds, window_start, `area`, `department`) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'result-grid-caseload',
    'key.format' = 'json',
    'value.format' = 'json'
);
