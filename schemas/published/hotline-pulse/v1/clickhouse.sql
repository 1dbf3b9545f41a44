CREATE TABLE IF NOT EXISTS store.hotline_pulse (
    window_seconds UInt32 COMMENT 'Length of the window | 窗口长度 [s]',
    window_start DateTime('UTC') COMMENT 'Start of the window | 窗口起点',
    area String COMMENT 'Area code | 区划代码',
    events Int64 COMMENT 'Events counted | 事件数',
    late Int64 COMMENT 'Events counted after the grace | 迟到事件数',
    answered Nullable(Int64) COMMENT 'Answered | 接通数',
    answered_in_15s Nullable(Int64) COMMENT 'Answered within 15 s | 15秒内接通数',
    answer_seconds_sum Nullable(Int64) COMMENT 'Sum of waiting | 等待时长合计 [s]',
    rated Nullable(Int64) COMMENT 'Rated | 评价数',
    satisfied Nullable(Int64) COMMENT 'Satisfied | 满意数',
    version UInt64 COMMENT 'generation * 2^40 + events | 版本',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the job gave it | 计算时间',
    published_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the store took it | 入库时间'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_seconds, window_start, area)
TTL toDateTime(computed_at) + INTERVAL 180 DAY
COMMENT 'Calls to the hotline in one window, by area. | 热线脉搏';

CREATE OR REPLACE VIEW city.hotline_pulse
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT r.*,
    100 * answered / nullIf(events, 0) AS answered_share,
    100 * satisfied / nullIf(rated, 0) AS satisfied_share,
    multiIf(f.final_at = toDateTime64(0, 3, 'UTC'), 'provisional', r.late = 0, 'final', 'revised') AS status,
    r.late AS revision
FROM (SELECT * FROM store.hotline_pulse FINAL WHERE (position(currentUser(), '_') = 0 OR startsWith(`area`, splitByChar('_', currentUser())[2]))) AS r
LEFT JOIN (SELECT window_seconds, window_start, min(final_at) AS final_at FROM store.window_final WHERE result = 'hotline-pulse' GROUP BY window_seconds, window_start) AS f
USING (window_seconds, window_start);
