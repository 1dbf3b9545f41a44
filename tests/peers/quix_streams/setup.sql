CREATE TABLE store.windows (
    window_seconds UInt16, window_start UInt32, area LowCardinality(String),
    road_class LowCardinality(String), events UInt64, speed_sum UInt64, speed_p85 UInt32,
    speed_min UInt32, speed_max UInt32
) ENGINE = ReplacingMergeTree(events) ORDER BY (window_seconds, window_start, area, road_class);

CREATE TABLE store.letters (
    class LowCardinality(String), reason String, body String
) ENGINE = MergeTree ORDER BY class
