CREATE TABLE IF NOT EXISTS store.hotline_call (
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
    call_id String COMMENT 'Call | 来电编号',
    topic LowCardinality(String) COMMENT 'Topic | 诉求类别',
    caller_phone Nullable(String) COMMENT 'Caller\'s telephone | 来电号码',
    content Nullable(String) COMMENT 'What was said | 诉求内容',
    longitude Nullable(Float64) COMMENT 'Longitude | 经度 [deg]',
    latitude Nullable(Float64) COMMENT 'Latitude | 纬度 [deg]',
    answer_seconds Float64 COMMENT 'Time to answer | 接听等待时长 [s]',
    answered Bool COMMENT 'Answered | 已接通',
    department LowCardinality(Nullable(String)) COMMENT 'Department | 承办部门',
    satisfied Nullable(Bool) COMMENT 'Satisfied | 满意'
)
ENGINE = ReplacingMergeTree(raw_offset)
PARTITION BY toYYYYMM(observed_at)
ORDER BY (source, observed_at, id)
TTL toDateTime(received_at) + INTERVAL 180 DAY
COMMENT 'One call to the 12345 hotline, with how it was answered. | 12345热线来电';

CREATE OR REPLACE VIEW city.hotline_call
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT * FROM store.hotline_call FINAL
WHERE NOT startsWith(currentUser(), 'viewer') AND (position(currentUser(), '_') = 0 OR startsWith(`area`, splitByChar('_', currentUser())[2]));
