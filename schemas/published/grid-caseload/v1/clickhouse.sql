CREATE TABLE IF NOT EXISTS store.grid_caseload (
    window_seconds UInt32 COMMENT 'Length of the window | 窗口长度 [s]',
    window_start DateTime('UTC') COMMENT 'Start of the window | 窗口起点',
    area String COMMENT 'Area code | 区划代码',
    department LowCardinality(String) COMMENT 'Department | 责任部门',
    events Int64 COMMENT 'Events counted | 事件数',
    late Int64 COMMENT 'Events counted after the grace | 迟到事件数',
    reported Nullable(Int64) COMMENT 'Reported | 上报数',
    verified Nullable(Int64) COMMENT 'Verified | 核实数',
    filed Nullable(Int64) COMMENT 'Filed | 立案数',
    dispatched Nullable(Int64) COMMENT 'Dispatched | 派遣数',
    handled Nullable(Int64) COMMENT 'Handled | 处置数',
    checked Nullable(Int64) COMMENT 'Checked | 核查数',
    closed Nullable(Int64) COMMENT 'Closed | 结案数',
    returned Nullable(Int64) COMMENT 'Returned | 回退数',
    extended Nullable(Int64) COMMENT 'Extended | 延期数',
    reworked Nullable(Int64) COMMENT 'Reworked | 返工数',
    version UInt64 COMMENT 'generation * 2^40 + events | 版本',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the job gave it | 计算时间',
    published_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the store took it | 入库时间'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_seconds, window_start, area, department)
TTL toDateTime(computed_at) + INTERVAL 180 DAY
COMMENT 'Steps taken on grid cases in one window, by area and department. | 网格事件量';

CREATE OR REPLACE VIEW city.grid_caseload
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT r.*,
    100 * filed / nullIf(reported, 0) AS filed_share,
    100 * closed / nullIf(filed, 0) AS closed_share,
    multiIf(f.final_at = toDateTime64(0, 3, 'UTC'), 'provisional', r.late = 0, 'final', 'revised') AS status,
    r.late AS revision
FROM (SELECT * FROM store.grid_caseload FINAL WHERE (position(currentUser(), '_') = 0 OR startsWith(`area`, splitByChar('_', currentUser())[2]))) AS r
LEFT JOIN (SELECT window_seconds, window_start, min(final_at) AS final_at FROM store.window_final WHERE result = 'grid-caseload' GROUP BY window_seconds, window_start) AS f
USING (window_seconds, window_start);
