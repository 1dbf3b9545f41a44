CREATE TABLE IF NOT EXISTS store.grid_case (
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
    case_id String COMMENT 'Case | 案件编号',
    step LowCardinality(String) COMMENT 'Step | 流转环节',
    category LowCardinality(String) COMMENT 'Category | 类别',
    department LowCardinality(String) COMMENT 'Department | 责任部门',
    reported_by LowCardinality(String) COMMENT 'Reported by | 来源',
    longitude Float64 COMMENT 'Longitude | 经度 [deg]',
    latitude Float64 COMMENT 'Latitude | 纬度 [deg]',
    due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Deadline | 办理时限',
    description Nullable(String) COMMENT 'Description | 描述'
)
ENGINE = ReplacingMergeTree(raw_offset)
PARTITION BY toYYYYMM(observed_at)
ORDER BY (source, observed_at, id)
TTL toDateTime(received_at) + INTERVAL 180 DAY
COMMENT 'One step in the life of one grid case. | 网格事件流转';

CREATE OR REPLACE VIEW city.grid_case
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT * FROM store.grid_case FINAL
WHERE NOT startsWith(currentUser(), 'viewer') AND (position(currentUser(), '_') = 0 OR startsWith(`area`, splitByChar('_', currentUser())[2]));
