// Decide which part of the world the map shows, and where a place lies on the screen.

export function bounds (geometry) {
  const points = geometry.segments.length
    ? geometry.segments.flatMap((one) => one.line)
    : geometry.areas.flatMap((one) => one.polygons.flatMap((polygon) => polygon[0]))
  const edge = [[Infinity, Infinity], [-Infinity, -Infinity]]
  for (const [x, y] of points) {
    edge[0] = [Math.min(edge[0][0], x), Math.min(edge[0][1], y)]
    edge[1] = [Math.max(edge[1][0], x), Math.max(edge[1][1], y)]
  }
  return edge
}

// Web Mercator, without its factor.
function mercator (latitude) {
  return Math.log(Math.tan(Math.PI / 4 + latitude * Math.PI / 360))
}

// Fit the roads, or the areas where there are none, between title, legend and small map.
export function fitView ([[west, south], [east, north]], width, height, unit) {
  const across = (east - west) / 360
  const along = (mercator(north) - mercator(south)) / (2 * Math.PI)
  const room = (right) => {
    const [w, h] = [width - (0.45 + right) * unit, height - 1.2 * unit]
    return { right, scale: Math.min(w / across, h / along) }
  }
  // the small map gets a side of its own where that does not make the large one much smaller
  const [full, beside] = [room(0.45), room(2.1)]
  const { right, scale } = beside.scale > 0.82 * full.scale ? beside : full
  const middle = (mercator(north) + mercator(south)) / 2 - 0.05 * unit / scale * 2 * Math.PI
  return {
    longitude: (west + east) / 2 + (right - 0.45) * unit / 2 / scale * 360,
    latitude: Math.atan(Math.sinh(middle)) * 180 / Math.PI,
    width, height, scale, middle
  }
}

export function project (view, [x, y]) {
  return [view.width / 2 + (x - view.longitude) / 360 * view.scale,
    view.height / 2 - (mercator(y) - view.middle) / (2 * Math.PI) * view.scale]
}
