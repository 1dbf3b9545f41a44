package citybrain.peers;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.types.Row;
import org.locationtech.jts.algorithm.locate.IndexedPointInAreaLocator;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.LinearRing;
import org.locationtech.jts.geom.Location;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.index.strtree.STRtree;

/** Judges one record: decodes it, checks it and places it. */
public class Judge extends ScalarFunction {
    private static final long HORIZON_SECONDS = 600;
    private static final Set<String> ROAD_CLASSES =
            Set.of("motorway", "trunk", "primary", "secondary", "residential");
    private static final Set<String> VEHICLE_TYPES = Set.of("car", "taxi", "bus", "truck");

    private transient ObjectMapper mapper;
    private transient STRtree tree;
    private transient List<String> codes;
    private transient List<IndexedPointInAreaLocator> locators;

    @Override
    public boolean isDeterministic() {
        return false;
    }

    @Override
    public void open(FunctionContext context) throws Exception {
        mapper = new ObjectMapper();
        tree = new STRtree();
        codes = new ArrayList<>();
        locators = new ArrayList<>();
        GeometryFactory factory = new GeometryFactory();
        JsonNode root = mapper.readTree(new File(System.getenv("BENCH_AREAS")));
        for (JsonNode feature : root.get("features")) {
            Geometry area = read(factory, feature.get("geometry"));
            tree.insert(area.getEnvelopeInternal(), codes.size());
            codes.add(feature.get("id").asText());
            locators.add(new IndexedPointInAreaLocator(area));
        }
        tree.build();
    }

    private static Geometry read(GeometryFactory factory, JsonNode told) {
        JsonNode coordinates = told.get("coordinates");
        if (told.get("type").asText().equals("Polygon")) {
            return polygon(factory, coordinates);
        }
        List<Polygon> parts = new ArrayList<>();
        coordinates.forEach(part -> parts.add(polygon(factory, part)));
        return factory.createMultiPolygon(parts.toArray(new Polygon[0]));
    }

    private static Polygon polygon(GeometryFactory factory, JsonNode rings) {
        List<LinearRing> found = new ArrayList<>();
        for (JsonNode ring : rings) {
            Coordinate[] corners = new Coordinate[ring.size()];
            for (int i = 0; i < corners.length; i++) {
                corners[i] = new Coordinate(
                        ring.get(i).get(0).asDouble(), ring.get(i).get(1).asDouble());
            }
            found.add(factory.createLinearRing(corners));
        }
        return factory.createPolygon(
                found.get(0), found.subList(1, found.size()).toArray(new LinearRing[0]));
    }

    @DataTypeHint("ROW<verdict INT, id STRING, observed_at BIGINT, area STRING,"
            + " road_class STRING, speed BIGINT, reason STRING, letter STRING>")
    public Row eval(byte[] body, Long receivedSeconds) {
        JsonNode told;
        try {
            told = mapper.readTree(body);
        } catch (Exception error) {
            return refused("not JSON", body);
        }
        String fault = fault(told);
        if (fault != null) {
            return refused(fault, body);
        }
        String id = told.get("id").asText();
        long observedAt = told.get("observed_at").asLong();
        if (receivedSeconds - observedAt / 1000 > HORIZON_SECONDS) {
            return Row.of(2, id, observedAt, "", "", 0L, "late", text(body));
        }
        return Row.of(0, id, observedAt,
                place(told.get("longitude").asDouble(), told.get("latitude").asDouble()),
                told.get("road_class").asText(),
                Math.round(told.get("speed").asDouble() * 100), "", "");
    }

    private static Row refused(String reason, byte[] body) {
        return Row.of(1, "", 0L, "", "", 0L, reason, text(body));
    }

    private static String text(byte[] body) {
        return new String(body, StandardCharsets.UTF_8);
    }

    private static String fault(JsonNode told) {
        if (!told.isObject()) {
            return "no object";
        }
        if (!isText(told.get("id")) || !isText(told.get("vehicle_id"))) {
            return "id";
        }
        if (told.get("observed_at") == null || !told.get("observed_at").isIntegralNumber()) {
            return "observed_at";
        }
        if (!isWithin(told.get("longitude"), -180, 180)
                || !isWithin(told.get("latitude"), -90, 90)) {
            return "place";
        }
        if (!isWithin(told.get("speed"), 0, 250) || !isWithin(told.get("heading"), 0, 360)) {
            return "speed or heading";
        }
        return isOneOf(told.get("road_class"), ROAD_CLASSES)
                && isOneOf(told.get("vehicle_type"), VEHICLE_TYPES) ? null : "class or type";
    }

    private static boolean isText(JsonNode node) {
        return node != null && node.isTextual()
                && !node.asText().isEmpty() && node.asText().length() <= 64;
    }

    private static boolean isOneOf(JsonNode node, Set<String> known) {
        return node != null && node.isTextual() && known.contains(node.asText());
    }

    private static boolean isWithin(JsonNode node, double least, double most) {
        return node != null && node.isNumber()
                && node.asDouble() >= least && node.asDouble() <= most;
    }

    private String place(double longitude, double latitude) {
        Coordinate point = new Coordinate(longitude, latitude);
        int first = Integer.MAX_VALUE;
        for (Object candidate : tree.query(new Envelope(point))) {
            int number = (Integer) candidate;
            if (number < first && locators.get(number).locate(point) != Location.EXTERIOR) {
                first = number;
            }
        }
        return first == Integer.MAX_VALUE ? "" : codes.get(first);
    }
}
