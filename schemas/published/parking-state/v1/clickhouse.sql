CREATE TABLE IF NOT EXISTS store.parking_state (
    window_seconds UInt32 COMMENT 'Length of the window | 窗口长度 [s]',
    window_start DateTime('UTC') COMMENT 'Start of the window | 窗口起点',
    car_park_id String COMMENT 'Car park | 停车场',
    events Int64 COMMENT 'Events counted | 事件数',
    late Int64 COMMENT 'Events counted after the grace | 迟到事件数',
    samples Nullable(Int64) COMMENT 'Samples with a count | 有效样本数',
    occupied_sum Nullable(Int64) COMMENT 'Sum of occupied spaces | 已占车位合计 [spaces]',
    occupied_max Nullable(Int64) COMMENT 'Most occupied spaces | 最多已占车位 [spaces]',
    capacity_max Nullable(Int64) COMMENT 'Capacity | 总车位 [spaces]',
    closed_samples Nullable(Int64) COMMENT 'Samples while closed | 关闭样本数',
    version UInt64 COMMENT 'generation * 2^40 + events | 版本',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the job gave it | 计算时间',
    published_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the store took it | 入库时间'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_seconds, window_start, car_park_id)
TTL toDateTime(computed_at) + INTERVAL 30 DAY
COMMENT 'Use of one car park in one window. | 停车场状态';

CREATE OR REPLACE VIEW city.parking_state
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT r.*,
    occupied_sum / nullIf(samples, 0) AS mean_occupied,
    capacity_max - occupied_sum / nullIf(samples, 0) AS mean_vacant,
    multiIf(f.final_at = toDateTime64(0, 3, 'UTC'), 'provisional', r.late = 0, 'final', 'revised') AS status,
    r.late AS revision
FROM (SELECT * FROM store.parking_state FINAL) AS r
LEFT JOIN (SELECT window_seconds, window_start, min(final_at) AS final_at FROM store.window_final WHERE result = 'parking-state' GROUP BY window_seconds, window_start) AS f
USING (window_seconds, window_start);
