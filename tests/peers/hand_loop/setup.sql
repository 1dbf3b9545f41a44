CREATE TABLE store.partials (
    window_start UInt32, area LowCardinality(String), road_class LowCardinality(String),
    bin UInt16, events SimpleAggregateFunction(sum, UInt64),
    speed_sum SimpleAggregateFunction(sum, UInt64),
    speed_min SimpleAggregateFunction(min, UInt32), speed_max SimpleAggregateFunction(max, UInt32)
) ENGINE = AggregatingMergeTree ORDER BY (window_start, area, road_class, bin);

CREATE TABLE store.windows (
    window_seconds UInt16, window_start UInt32, area LowCardinality(String),
    road_class LowCardinality(String), events UInt64, speed_sum UInt64, speed_p85 UInt32,
    speed_min UInt32, speed_max UInt32, version UInt64
) ENGINE = ReplacingMergeTree(version) ORDER BY (window_seconds, window_start, area, road_class);

CREATE TABLE store.letters (
    class LowCardinality(String), reason String, body String
) ENGINE = MergeTree ORDER BY class;

CREATE TABLE store.duplicates (number UInt64) ENGINE = MergeTree ORDER BY tuple()
