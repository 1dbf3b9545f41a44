CREATE TABLE IF NOT EXISTS store.parking_occupancy (
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
    car_park_id String COMMENT 'Car park | 停车场',
    name Nullable(String) COMMENT 'Name | 名称',
    longitude Float64 COMMENT 'Longitude | 经度 [deg]',
    latitude Float64 COMMENT 'Latitude | 纬度 [deg]',
    capacity Int64 COMMENT 'Capacity | 总车位 [spaces]',
    occupied Nullable(Int64) COMMENT 'Occupied spaces | 已占车位 [spaces]',
    status LowCardinality(String) COMMENT 'Status | 状态'
)
ENGINE = ReplacingMergeTree(raw_offset)
PARTITION BY toYYYYMM(observed_at)
ORDER BY (source, observed_at, id)
TTL toDateTime(received_at) + INTERVAL 30 DAY
COMMENT 'Spaces taken in one car park at one moment; closed and unknown are not full. | 停车场占用';

CREATE OR REPLACE VIEW city.parking_occupancy
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT * FROM store.parking_occupancy FINAL
WHERE NOT startsWith(currentUser(), 'viewer') AND (position(currentUser(), '_') = 0 OR startsWith(`area`, splitByChar('_', currentUser())[2]));
