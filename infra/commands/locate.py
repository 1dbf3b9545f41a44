"""Say which area holds each point of a file, or why none does."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from geo.datum import DATUMS
from geo.join import Columns, join_files
from schemas.errors import CityBrainError

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command()
@click.option("--points", type=FILE, required=True, help="CSV or GeoJSON of points.")
@click.option("--areas", type=FILE, required=True, help="GeoJSON or GeoPackage of polygons.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
              help="CSV to write, or GeoJSON when the name ends in .geojson.")
@click.option("--lon", default="", metavar="COLUMN", help="Longitude (default: lon, lng, x ...).")
@click.option("--lat", default="", metavar="COLUMN", help="Latitude (default: lat, latitude, y).")
@click.option("--id", "point_id", default="", metavar="COLUMN",
              help="Id of a point (default: id, else the number of the row).")
@click.option("--area-id", default="", metavar="PROPERTY",
              help="Id of an area (default: the feature's, else the first unique property).")
@click.option("--datum", type=click.Choice(DATUMS), default="wgs84", show_default=True,
              help="Datum of the points.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def command(points: Path, areas: Path, out: Path, lon: str, lat: str, point_id: str, area_id: str,
            datum: str, as_json: bool) -> None:
    """Write, for each point in its order, the area that holds it or the reason why none does.

    Points are converted from their datum to WGS-84. Areas are taken to be WGS-84, or in the
    coordinate system that their file names; boundaries drawn in GCJ-02 (as most Chinese sets are,
    without saying so) are some 500 m off. A point on a border, or in several areas, belongs to the
    first of them in the file.
    """
    try:
        outcome = join_files(points, areas, out, partial(click.echo, err=True), datum=datum,
                             columns=Columns(lon, lat, point_id, area_id))
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(asdict(outcome)))
        return
    reasons = "".join(f", {number:,} {reason}" for reason, number in outcome.reasons.items())
    click.echo(f"{outcome.points:,} points, {outcome.located:,} located{reasons},"
               f" {outcome.seconds:.1f} s")
