CREATE TABLE IF NOT EXISTS store.vehicle_position (
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
    vehicle_id String COMMENT 'Vehicle | 车辆',
    longitude Float64 COMMENT 'Longitude | 经度 [deg]',
    latitude Float64 COMMENT 'Latitude | 纬度 [deg]',
    speed Nullable(Float64) COMMENT 'Speed | 速度 [km/h]',
    heading Nullable(Float64) COMMENT 'Heading | 航向 [deg]',
    road_id Nullable(String) COMMENT 'Road or route | 道路或线路',
    segment_id Nullable(String) COMMENT 'Directed road segment | 有向路段',
    vehicle_type LowCardinality(Nullable(String)) COMMENT 'Vehicle type | 车型'
)
ENGINE = ReplacingMergeTree(raw_offset)
PARTITION BY toYYYYMMDD(observed_at)
ORDER BY (source, observed_at, id)
TTL toDateTime(received_at) + INTERVAL 2 DAY
COMMENT 'Position and speed of one vehicle at one moment. | 浮动车位置';

CREATE OR REPLACE VIEW city.vehicle_position
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT * FROM store.vehicle_position FINAL
WHERE NOT startsWith(currentUser(), 'viewer') AND (position(currentUser(), '_') = 0 OR startsWith(`area`, splitByChar('_', currentUser())[2]));
