CREATE TABLE IF NOT EXISTS store.area_traffic (
    window_seconds UInt32 COMMENT 'Length of the window | 窗口长度 [s]',
    window_start DateTime('UTC') COMMENT 'Start of the window | 窗口起点',
    area String COMMENT 'Area code | 区划代码',
    events Int64 COMMENT 'Events counted | 事件数',
    late Int64 COMMENT 'Events counted after the grace | 迟到事件数',
    vehicles Nullable(Int64) COMMENT 'Distinct vehicles | 车辆数 [veh]',
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
ORDER BY (window_seconds, window_start, area)
TTL toDateTime(computed_at) + INTERVAL 30 DAY
COMMENT 'Traffic state of one area of the tree in one window. | 区域交通状态';

CREATE OR REPLACE VIEW city.area_traffic
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT r.*,
    speed_sum / nullIf(speed_samples, 0) / 100 AS mean_speed,
    flow_sum / nullIf(flow_samples, 0) / 100 AS mean_flow,
    multiIf(f.final_at = toDateTime64(0, 3, 'UTC'), 'provisional', r.late = 0, 'final', 'revised') AS status,
    r.late AS revision
FROM (SELECT * FROM store.area_traffic FINAL WHERE (position(currentUser(), '_') = 0 OR startsWith(`area`, splitByChar('_', currentUser())[2]))) AS r
LEFT JOIN (SELECT window_seconds, window_start, min(final_at) AS final_at FROM store.window_final WHERE result = 'area-traffic' GROUP BY window_seconds, window_start) AS f
USING (window_seconds, window_start);
