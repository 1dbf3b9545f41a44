"""Test that a variation changes the declaration, and is read as it was written."""

from __future__ import annotations

import pytest

from infra.bench.city import ADDED
from infra.bench.variation import Variation, read


def test_the_declaration_gets_the_number_of_partitions() -> None:
    usual = (ADDED / "schemas" / "probe.py").read_text(encoding="utf-8")
    assert Variation().declare(usual) == usual
    assert "partitions=8," in Variation(partitions=8).declare(usual)


def test_a_declaration_without_a_number_is_an_error() -> None:
    with pytest.raises(ValueError, match="partitions"):
        Variation(partitions=8).declare("class ProbePosition: ...")


def test_it_is_read_as_written_and_an_empty_one_is_the_usual() -> None:
    one = Variation(areas=100, corners=50, vehicles=7, disorder_ms=60_000, partitions=2)
    assert read(one.write()) == one and read("{}") == Variation()


def test_only_areas_and_corners_name_the_folder() -> None:
    assert Variation(partitions=8, vehicles=5).folder == "areas"
    assert Variation(areas=100).folder != Variation(areas=100, corners=50).folder != "areas"
