// Draw the whole city small: every county in the colour of its traffic, and where the map looks.
import { change, draw, make, say } from './dom.js'

export function makeOverview (parent) {
  const node = make('div', 'overview', parent)
  const title = make('div', 'overview-title', node)
  const svg = draw('svg', { class: 'overview-map' }, node)
  return { node, title, svg, shapes: new Map(), frame: null }
}

function build (overview, counties) {
  overview.svg.replaceChildren()
  const points = counties.flatMap((one) => one.polygons.flatMap((polygon) => polygon[0]))
  const xs = points.map((one) => one[0])
  const ys = points.map((one) => one[1])
  const [west, east] = [Math.min(...xs), Math.max(...xs)]
  const [south, north] = [Math.min(...ys), Math.max(...ys)]
  const squeeze = Math.cos((south + north) / 2 * Math.PI / 180)
  const scale = 200 / (north - south)
  overview.place = ([x, y]) => [(x - west) * squeeze * scale, (north - y) * scale]
  change(overview.svg, { viewBox: `-2 -2 ${((east - west) * squeeze * scale + 4).toFixed(1)} 204` })
  for (const county of counties) {
    const path = county.polygons.map((polygon) => 'M' + polygon[0].map((one) =>
      overview.place(one).map((n) => n.toFixed(1)).join(' ')).join('L') + 'Z').join('')
    overview.shapes.set(county.code, draw('path', { d: path }, overview.svg))
  }
  overview.frame = draw('rect', { class: 'overview-frame' }, overview.svg)
}

export function showOverview (overview, geometry, data, [[west, south], [east, north]], gradeOf) {
  const counties = geometry.areas.filter((one) => one.level === 'county')
  if (!counties.length) return
  if (overview.version !== geometry.version) build(overview, counties)
  overview.version = geometry.version
  say(overview.title, data.words['map.overview'])
  for (const county of counties) {
    const grade = gradeOf(data.map.areas[county.code], data.grades)
    change(overview.shapes.get(county.code), { fill: grade ? grade.colour : data.colours.road })
  }
  const [left, top] = overview.place([west, north])
  const [right, bottom] = overview.place([east, south])
  change(overview.frame, { x: left, y: top, width: right - left, height: bottom - top })
}
