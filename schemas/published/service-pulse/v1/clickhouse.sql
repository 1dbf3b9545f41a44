CREATE TABLE IF NOT EXISTS store.service_pulse (
    window_seconds UInt32 COMMENT 'Length of the window | 窗口长度 [s]',
    window_start DateTime('UTC') COMMENT 'Start of the window | 窗口起点',
    area String COMMENT 'Area code | 区划代码',
    events Int64 COMMENT 'Events counted | 事件数',
    late Int64 COMMENT 'Events counted after the grace | 迟到事件数',
    accepted Nullable(Int64) COMMENT 'Accepted | 受理数',
    finished Nullable(Int64) COMMENT 'Finished | 办结数',
    online Nullable(Int64) COMMENT 'Handled online | 网办数',
    at_most_one_visit Nullable(Int64) COMMENT 'At most one visit | 最多跑一次数',
    minutes_sum Nullable(Int64) COMMENT 'Sum of handling time | 办理时长合计 [min]',
    timed Nullable(Int64) COMMENT 'Items with a handling time | 有时长办件数',
    version UInt64 COMMENT 'generation * 2^40 + events | 版本',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the job gave it | 计算时间',
    published_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the store took it | 入库时间'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_seconds, window_start, area)
TTL toDateTime(computed_at) + INTERVAL 180 DAY
COMMENT 'Government-service items in one window, by area. | 政务服务脉搏';

CREATE OR REPLACE VIEW city.service_pulse
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT r.*,
    100 * online / nullIf(events, 0) AS online_share,
    multiIf(f.final_at = toDateTime64(0, 3, 'UTC'), 'provisional', r.late = 0, 'final', 'revised') AS status,
    r.late AS revision
FROM (SELECT * FROM store.service_pulse FINAL WHERE (position(currentUser(), '_') = 0 OR startsWith(`area`, splitByChar('_', currentUser())[2]))) AS r
LEFT JOIN (SELECT window_seconds, window_start, min(final_at) AS final_at FROM store.window_final WHERE result = 'service-pulse' GROUP BY window_seconds, window_start) AS f
USING (window_seconds, window_start);
