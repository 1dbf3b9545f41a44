CREATE TABLE IF NOT EXISTS store.traffic_flow (
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
    sensor_id String COMMENT 'Detector | 检测器',
    longitude Float64 COMMENT 'Longitude | 经度 [deg]',
    latitude Float64 COMMENT 'Latitude | 纬度 [deg]',
    road_id Nullable(String) COMMENT 'Road | 道路',
    segment_id Nullable(String) COMMENT 'Directed road segment | 有向路段',
    interval_seconds Int64 COMMENT 'Measured interval | 检测时长 [s]',
    flow Nullable(Float64) COMMENT 'Flow | 流量 [veh/h]',
    speed Nullable(Float64) COMMENT 'Mean speed | 平均速度 [km/h]',
    occupancy Nullable(Float64) COMMENT 'Occupancy | 占有率 [%]'
)
ENGINE = ReplacingMergeTree(raw_offset)
PARTITION BY toYYYYMMDD(observed_at)
ORDER BY (source, observed_at, id)
TTL toDateTime(received_at) + INTERVAL 7 DAY
COMMENT 'Flow, speed and occupancy that one detector measured over one interval. | 交通流检测';

CREATE OR REPLACE VIEW city.traffic_flow
DEFINER = migrator SQL SECURITY DEFINER
AS SELECT * FROM store.traffic_flow FINAL
WHERE NOT startsWith(currentUser(), 'viewer') AND (position(currentUser(), '_') = 0 OR startsWith(`area`, splitByChar('_', currentUser())[2]));
