CREATE TABLE IF NOT EXISTS store.air_quality (
    window_seconds UInt32 COMMENT 'Length of the window | 窗口长度 [s]',
    window_start DateTime('UTC') COMMENT 'Start of the window | 窗口起点',
    station_id String COMMENT 'Station | 监测站',
    quantity LowCardinality(String) COMMENT 'Quantity | 监测项',
    events Int64 COMMENT 'Events counted | 事件数',
    late Int64 COMMENT 'Events counted after the grace | 迟到事件数',
    value_sum Nullable(Int64) COMMENT 'Sum of values | 数值合计',
    value_min Nullable(Int64) COMMENT 'Lowest value | 最小值',
    value_max Nullable(Int64) COMMENT 'Highest value | 最大值',
    version UInt64 COMMENT 'generation * 2^40 + events | 版本',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the job gave it | 计算时间',
    published_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the store took it | 入库时间'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_seconds, window_start, station_id, quantity)
TTL toDateTime(computed_at) + INTERVAL 365 DAY
COMMENT 'Readings of one quantity at one station in one window. | 空气质量';

CREATE OR REPLACE VIEW city.air_quality
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT r.*,
    value_sum / events / 1000 AS mean_value,
    multiIf(f.final_at = toDateTime64(0, 3, 'UTC'), 'provisional', r.late = 0, 'final', 'revised') AS status,
    r.late AS revision
FROM (SELECT * FROM store.air_quality FINAL) AS r
LEFT JOIN (SELECT window_seconds, window_start, min(final_at) AS final_at FROM store.window_final WHERE result = 'air-quality' GROUP BY window_seconds, window_start) AS f
USING (window_seconds, window_start);
