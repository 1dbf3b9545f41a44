CREATE TABLE IF NOT EXISTS store.service_item (
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
    item_id String COMMENT 'Item | 办件编号',
    matter LowCardinality(String) COMMENT 'Matter | 事项',
    step LowCardinality(String) COMMENT 'Step | 环节',
    channel LowCardinality(String) COMMENT 'Channel | 渠道',
    longitude Nullable(Float64) COMMENT 'Longitude | 经度 [deg]',
    latitude Nullable(Float64) COMMENT 'Latitude | 纬度 [deg]',
    visits Nullable(Int64) COMMENT 'Visits needed | 跑动次数',
    materials Nullable(Int64) COMMENT 'Materials asked for | 材料份数',
    minutes Nullable(Float64) COMMENT 'Handling time | 办理时长 [min]'
)
ENGINE = ReplacingMergeTree(raw_offset)
PARTITION BY toYYYYMM(observed_at)
ORDER BY (source, observed_at, id)
TTL toDateTime(received_at) + INTERVAL 180 DAY
COMMENT 'One step of one item of government service. | 政务服务办件';

CREATE OR REPLACE VIEW city.service_item
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT * FROM store.service_item FINAL
WHERE NOT startsWith(currentUser(), 'viewer') AND (position(currentUser(), '_') = 0 OR startsWith(`area`, splitByChar('_', currentUser())[2]));
