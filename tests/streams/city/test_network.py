"""Check that SUMO's net is built from the drawing and holds together."""

from __future__ import annotations

from pathlib import Path

import sumolib

from geo import roads
from streams.city.network import count_gaps, read_network


def test_net_holds_every_segment_and_routes_have_no_gaps(city_home: Path) -> None:
    network = read_network(city_home)
    net = sumolib.net.readNet(str(network.net))
    for segment in roads.list_segments():
        edge = net.getEdge(segment.segment_id)
        assert edge.getLaneNumber() == segment.lanes
        assert abs(edge.getSpeed() * 3.6 - segment.limit_kmh) < 0.1
    assert len(network.routes) > 2000
    assert count_gaps(network.routes.values()) == 0
    assert len(net.getTrafficLights()) > 100


def test_second_reading_builds_nothing(city_home: Path) -> None:
    built = read_network(city_home).net.stat().st_mtime_ns
    assert read_network(city_home).net.stat().st_mtime_ns == built


def test_detectors_measure_most_arterials(city_home: Path) -> None:
    detectors = read_network(city_home).detectors
    measured = {roads.get_segment(one.segment_id).road_id for one in detectors}
    arterials = {one.road_id for one in roads.list_segments() if one.road_class == "arterial"}
    assert len(arterials & measured) >= 0.9 * len(arterials)
