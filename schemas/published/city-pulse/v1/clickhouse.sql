CREATE TABLE IF NOT EXISTS store.city_pulse (
    window_seconds UInt32 COMMENT 'Length of the window | 窗口长度 [s]',
    window_start DateTime('UTC') COMMENT 'Start of the window | 窗口起点',
    area String COMMENT 'Area code | 区划代码',
    events Int64 COMMENT 'Events counted | 事件数',
    late Int64 COMMENT 'Events counted after the grace | 迟到事件数',
    speed_samples Nullable(Int64) COMMENT 'Speed samples | 速度样本数',
    speed_sum Nullable(Int64) COMMENT 'Sum of speeds | 速度合计 [km/h]',
    flow_samples Nullable(Int64) COMMENT 'Flow samples | 流量样本数',
    flow_sum Nullable(Int64) COMMENT 'Sum of flows | 流量合计 [veh/h]',
    parking_samples Nullable(Int64) COMMENT 'Car-park samples | 停车场样本数',
    parking_occupied_sum Nullable(Int64) COMMENT 'Sum of occupied spaces | 已占车位合计',
    parking_capacity_sum Nullable(Int64) COMMENT 'Sum of capacities | 总车位合计',
    cases_reported Nullable(Int64) COMMENT 'Cases reported | 上报事件数',
    cases_closed Nullable(Int64) COMMENT 'Cases closed | 结案事件数',
    calls Nullable(Int64) COMMENT 'Calls | 来电数',
    calls_answered Nullable(Int64) COMMENT 'Calls answered | 接通数',
    items Nullable(Int64) COMMENT 'Service items | 办件数',
    items_online Nullable(Int64) COMMENT 'Items handled online | 网办件数',
    pm2_5_samples Nullable(Int64) COMMENT 'PM2.5 samples | PM2.5样本数',
    pm2_5_sum Nullable(Int64) COMMENT 'Sum of PM2.5 | PM2.5合计 [µg/m³]',
    version UInt64 COMMENT 'generation * 2^40 + events | 版本',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the job gave it | 计算时间',
    published_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the store took it | 入库时间'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_seconds, window_start, area)
TTL toDateTime(computed_at) + INTERVAL 365 DAY
COMMENT 'One row a minute and area with the headline of each domain. | 城市脉搏';

CREATE OR REPLACE VIEW city.city_pulse
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT r.*,
    speed_sum / nullIf(speed_samples, 0) / 100 AS mean_speed,
    100 * parking_occupied_sum / nullIf(parking_capacity_sum, 0) AS parking_share,
    pm2_5_sum / nullIf(pm2_5_samples, 0) / 1000 AS mean_pm2_5,
    multiIf(f.final_at = toDateTime64(0, 3, 'UTC'), 'provisional', r.late = 0, 'final', 'revised') AS status,
    r.late AS revision
FROM (SELECT * FROM store.city_pulse FINAL WHERE (position(currentUser(), '_') = 0 OR startsWith(`area`, splitByChar('_', currentUser())[2]))) AS r
LEFT JOIN (SELECT window_seconds, window_start, min(final_at) AS final_at FROM store.window_final WHERE result = 'city-pulse' GROUP BY window_seconds, window_start) AS f
USING (window_seconds, window_start);
