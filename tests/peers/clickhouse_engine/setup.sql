CREATE DICTIONARY store.places (polygon Array(Array(Array(Tuple(Float64, Float64)))), code String)
PRIMARY KEY polygon
SOURCE(CLICKHOUSE(USER '{store_account}' PASSWORD '{store_password}' DB 'store' TABLE 'areas'))
LIFETIME(0) LAYOUT(POLYGON_INDEX_EACH());

SYSTEM RELOAD DICTIONARY store.places;

CREATE TABLE store.boxes ENGINE = MergeTree ORDER BY cell AS
SELECT x * 1000 + y AS cell, groupArray(code) AS codes
FROM (
    SELECT code, arrayFlatten(polygon) AS corners,
        arrayJoin(range(toUInt32(floor(arrayMin(c -> c.1, corners) * 100)),
            toUInt32(floor(arrayMax(c -> c.1, corners) * 100)) + 1)) AS x,
        arrayJoin(range(toUInt32(floor(arrayMin(c -> c.2, corners) * 100)),
            toUInt32(floor(arrayMax(c -> c.2, corners) * 100)) + 1)) AS y
    FROM store.areas)
GROUP BY cell;

CREATE TABLE store.events (
    id String, window_start UInt32, area LowCardinality(String),
    road_class LowCardinality(String), speed UInt32
) ENGINE = ReplacingMergeTree ORDER BY (window_start, area, road_class, id);

CREATE TABLE store.letters (
    class LowCardinality(String), reason String, body String
) ENGINE = MergeTree ORDER BY class;

CREATE MATERIALIZED VIEW store.windows
REFRESH EVERY 5 SECOND
ENGINE = MergeTree ORDER BY (window_seconds, window_start, area, road_class)
AS
SELECT seconds AS window_seconds, start AS window_start, area, road_class, count() AS events,
    sum(speed) AS speed_sum,
    round(quantileExactInclusive(0.85)(intDiv(speed, 100)) * 100) AS speed_p85,
    min(speed) AS speed_min, max(speed) AS speed_max
FROM (SELECT arrayJoin([10, 60]) AS seconds, window_start - window_start % seconds AS start, area,
          road_class, speed
      FROM store.events FINAL)
GROUP BY seconds, start, area, road_class;

CREATE TABLE store.queue (
    id Nullable(String), observed_at Nullable(Int64), vehicle_id Nullable(String),
    longitude Nullable(Float64), latitude Nullable(Float64), speed Nullable(Float64),
    heading Nullable(Float64), road_class Nullable(String), vehicle_type Nullable(String)
) ENGINE = Kafka SETTINGS
    kafka_broker_list = '{brokers}', kafka_topic_list = '{topic}',
    kafka_group_name = '{group}', kafka_format = 'JSONEachRow', kafka_num_consumers = 2,
    kafka_thread_per_consumer = 1, kafka_handle_error_mode = 'stream',
    kafka_max_block_size = 65536, kafka_poll_max_batch_size = 65536,
    kafka_flush_interval_ms = 1000, kafka_security_protocol = 'sasl_plaintext',
    kafka_sasl_mechanism = 'PLAIN', kafka_sasl_username = '{account}',
    kafka_sasl_password = '{password}';

CREATE MATERIALIZED VIEW store.refused TO store.letters AS
SELECT if(fault = '', 'late', 'refused') AS class, if(fault = '', '', fault) AS reason, body
FROM (
    SELECT multiIf(
            _error != '', _error,
            ifNull(id, '') = '' OR length(id) > 64, 'id', observed_at IS NULL, 'observed_at',
            ifNull(vehicle_id, '') = '' OR length(vehicle_id) > 64, 'vehicle_id',
            NOT ifNull(longitude BETWEEN -180 AND 180, 0), 'longitude',
            NOT ifNull(latitude BETWEEN -90 AND 90, 0), 'latitude',
            NOT ifNull(speed BETWEEN 0 AND 250, 0), 'speed',
            NOT ifNull(heading BETWEEN 0 AND 360, 0), 'heading',
            NOT ifNull(road_class IN ('motorway', 'trunk', 'primary', 'secondary',
                                      'residential'), 0), 'road_class',
            NOT ifNull(vehicle_type IN ('car', 'taxi', 'bus', 'truck'), 0), 'vehicle_type',
            '') AS fault,
        if(_error != '', _raw_message, toJSONString(tuple(id, observed_at, speed))) AS body,
        toUnixTimestamp64Milli(_timestamp_ms) - observed_at > 600000 AS is_late
    FROM store.queue)
WHERE fault != '' OR is_late;

CREATE TABLE store.candidates (
    id String, window_start UInt32, longitude Float64, latitude Float64, candidate String,
    road_class LowCardinality(String), speed UInt32
) ENGINE = Null;

CREATE TABLE store.borderline AS store.candidates ENGINE = Null;

CREATE MATERIALIZED VIEW store.inside TO store.events AS
SELECT c.id AS id, c.window_start AS window_start, c.candidate AS area, c.road_class AS road_class,
    c.speed AS speed
FROM store.candidates AS c INNER JOIN store.areas AS a ON c.candidate = a.code
WHERE pointInPolygon((c.longitude, c.latitude), a.polygon);

CREATE MATERIALIZED VIEW store.beside TO store.borderline AS
SELECT c.*
FROM store.candidates AS c INNER JOIN store.areas AS a ON c.candidate = a.code
WHERE NOT pointInPolygon((c.longitude, c.latitude), a.polygon);

CREATE MATERIALIZED VIEW store.nowhere TO store.borderline AS
SELECT * FROM store.candidates WHERE candidate = '';

CREATE MATERIALIZED VIEW store.settled TO store.events AS
SELECT c.id AS id, c.window_start AS window_start, min(a.code) AS area,
    any(c.road_class) AS road_class, any(c.speed) AS speed
FROM (
    SELECT b.*, arrayJoin(x.codes) AS code
    FROM store.borderline AS b
    INNER JOIN store.boxes AS x
        ON toUInt64(floor(b.longitude * 100)) * 1000 + toUInt64(floor(b.latitude * 100)) = x.cell
) AS c INNER JOIN store.areas AS a ON c.code = a.code
WHERE pointInPolygon((c.longitude, c.latitude), a.polygon)
GROUP BY id, window_start;

CREATE MATERIALIZED VIEW store.accepted TO store.candidates AS
SELECT assumeNotNull(q.id) AS id,
    intDiv(assumeNotNull(q.observed_at), 10000) * 10 AS window_start,
    assumeNotNull(q.longitude) AS longitude, assumeNotNull(q.latitude) AS latitude,
    dictGetOrDefault('store.places', 'code',
        (assumeNotNull(q.longitude), assumeNotNull(q.latitude)), '') AS candidate,
    assumeNotNull(q.road_class) AS road_class, round(assumeNotNull(q.speed) * 100) AS speed
FROM store.queue AS q
WHERE q._error = '' AND ifNull(q.id, '') != '' AND length(q.id) <= 64
    AND q.observed_at IS NOT NULL AND ifNull(q.vehicle_id, '') != ''
    AND length(q.vehicle_id) <= 64 AND q.longitude BETWEEN -180 AND 180
    AND q.latitude BETWEEN -90 AND 90 AND q.speed BETWEEN 0 AND 250
    AND q.heading BETWEEN 0 AND 360
    AND q.road_class IN ('motorway', 'trunk', 'primary', 'secondary', 'residential')
    AND q.vehicle_type IN ('car', 'taxi', 'bus', 'truck')
    AND toUnixTimestamp64Milli(q._timestamp_ms) - q.observed_at <= 600000
