CREATE TABLE IF NOT EXISTS store.alert (
    id String COMMENT 'Event id, unique for its publisher | 事件编号',
    source LowCardinality(String) COMMENT 'Publishing system | 发布系统',
    observed_at DateTime64(3, 'UTC') COMMENT 'When it was observed | 观测时间',
    received_at DateTime64(3, 'UTC') COMMENT 'When the broker appended it | 接收时间',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the gate passed it | 计算时间',
    published_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the store took it | 入库时间',
    area String COMMENT 'Deepest area code, empty outside | 区划代码',
    raw_topic LowCardinality(String) COMMENT 'Topic of the original | 原始主题',
    raw_partition UInt16 COMMENT 'Partition of the original | 原始分区',
    raw_offset UInt64 COMMENT 'Offset of the original | 原始偏移',
    alert_id String COMMENT 'Alert | 告警编号',
    rule_id String COMMENT 'Rule | 规则',
    state LowCardinality(String) COMMENT 'State | 状态',
    severity LowCardinality(String) COMMENT 'Severity | 等级',
    place String COMMENT 'Area, road or station | 区域、道路或站点',
    title_en String COMMENT 'Title | 英文标题',
    title_zh String COMMENT 'Chinese title | 标题',
    value Float64 COMMENT 'Value | 数值',
    threshold Float64 COMMENT 'Threshold | 阈值',
    raised_at DateTime64(3, 'UTC') COMMENT 'Raised at | 发生时间',
    duration_seconds Nullable(Int64) COMMENT 'Duration | 持续时长 [s]'
)
ENGINE = ReplacingMergeTree(raw_offset)
PARTITION BY toYYYYMM(observed_at)
ORDER BY (source, observed_at, id)
TTL toDateTime(received_at) + INTERVAL 180 DAY
COMMENT 'The raising or clearing of one alert by one rule at one place. | 告警';

CREATE OR REPLACE VIEW city.alert
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT * FROM store.alert FINAL
WHERE NOT startsWith(currentUser(), 'viewer') AND (position(currentUser(), '_') = 0 OR startsWith(`area`, splitByChar('_', currentUser())[2]));
