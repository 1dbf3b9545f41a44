CREATE TABLE IF NOT EXISTS store.sensor_state (
    window_seconds UInt32 COMMENT 'Length of the window | 窗口长度 [s]',
    window_start DateTime('UTC') COMMENT 'Start of the window | 窗口起点',
    sensor_id String COMMENT 'Detector | 检测器',
    events Int64 COMMENT 'Events counted | 事件数',
    late Int64 COMMENT 'Events counted after the grace | 迟到事件数',
    speed_samples Nullable(Int64) COMMENT 'Speed samples | 速度样本数',
    speed_sum Nullable(Int64) COMMENT 'Sum of speeds | 速度合计 [km/h]',
    flow_samples Nullable(Int64) COMMENT 'Flow samples | 流量样本数',
    flow_sum Nullable(Int64) COMMENT 'Sum of flows | 流量合计 [veh/h]',
    version UInt64 COMMENT 'generation * 2^40 + events | 版本',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the job gave it | 计算时间',
    published_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the store took it | 入库时间'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_seconds, window_start, sensor_id)
TTL toDateTime(computed_at) + INTERVAL 30 DAY
COMMENT 'What one detector measured in one window. | 检测器状态';

CREATE OR REPLACE VIEW city.sensor_state
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT r.*,
    speed_sum / nullIf(speed_samples, 0) / 100 AS mean_speed,
    flow_sum / nullIf(flow_samples, 0) / 100 AS mean_flow,
    multiIf(f.final_at = toDateTime64(0, 3, 'UTC'), 'provisional', r.late = 0, 'final', 'revised') AS status,
    r.late AS revision
FROM (SELECT * FROM store.sensor_state FINAL) AS r
LEFT JOIN (SELECT window_seconds, window_start, min(final_at) AS final_at FROM store.window_final WHERE result = 'sensor-state' GROUP BY window_seconds, window_start) AS f
USING (window_seconds, window_start);
