// Draw the map without tiles, network or graphics card: geometry once, then one byte a road segment.
import { make, say } from './dom.js'
import { learn } from './places.js'
import { makeLabels, placeLabels, placePins } from './labels.js'
import { showLegend } from './legend.js'
import { bounds, fitView, project } from './view.js'
import { makeOverview, showOverview } from './overview.js'
import { fade, pathOf, pixels, resize, sheet, wipe } from './sheets.js'

const NONE = 255
const MOVE_MS = 120
// of so many segments the glow of one is hidden by the next, and costs as much as they do
const MOST_GLOWING = 5000
const METRES_A_DEGREE = 111320

let box = null
let geometry = null
let latest = null
let dots = null
let view = null
let asked = null
let paths = null
let drawn = {}

export function makeMap (panel) {
  const sheets = make('div', 'map', panel)
  const [ground, roads, vehicles] = ['ground', 'roads', 'vehicles'].map((one) => sheet(one, sheets))
  box = { panel, sheets, ground, roads, vehicles, labels: make('div', 'labels', panel) }
  box.legend = make('div', 'legend', panel)
  box.remark = make('div', 'remark', panel)
  box.overview = makeOverview(panel)
  new ResizeObserver(fit).observe(panel)
  setInterval(move, MOVE_MS)
}

// The area tree may be built, or replaced, while walls are watching.
async function loadGeometry (version) {
  const address = new URL(`../geometry.json?${version}`, import.meta.url)
  geometry = await (await fetch(address)).json()
  Object.assign(geometry, { version, edge: bounds(geometry) })
  learn(geometry)
  makeLabels(box.labels, geometry)
  fit()
}

function fit () {
  if (!geometry || !box.panel.clientWidth || !box.panel.clientHeight) return
  view = fitView(geometry.edge, box.panel.clientWidth, box.panel.clientHeight, rem())
  for (const pen of [box.ground, box.roads, box.vehicles]) resize(pen, view)
  layOut()
  requestAnimationFrame(redraw)
}

function rem () { return parseFloat(getComputedStyle(document.documentElement).fontSize) }

// Turn places into paths on the screen, once a size of the page.
function layOut () {
  const [unit, at] = [rem(), (place) => project(view, place)]
  const areas = (level) => geometry.areas.filter((one) => one.level === level)
    .map(({ code, polygons }) => ({ code, path: pathOf(polygons.flat(), at, true) }))
  const breadth = (limit) => unit * (limit >= 70 ? 0.045 : limit >= 50 ? 0.034 : 0.024)
  paths = {
    counties: areas('county'),
    townships: areas('township'),
    lakes: geometry.water.filter((one) => one.polygon)
      .map((one) => pathOf(one.polygon, at, true)),
    rivers: geometry.water.filter((one) => one.line).map((one) => ({
      path: pathOf([one.line], at), width: Math.max(pixels(view, one.width), 0.02 * unit) })),
    segments: geometry.segments.map((one) => ({
      path: pathOf([one.line], at), width: breadth(one.limit) }))
  }
  drawn = {}
}

function bytes (text) {
  return Uint8Array.from(atob(text), (one) => one.charCodeAt(0))
}

export function gradeOf (percent, grades) {
  return percent === undefined || percent === NONE ? null
    : grades.find((one) => percent > one.above) ?? grades[grades.length - 1]
}

export function showMap (data) {
  latest = data
  if (data.map.geometry !== asked) loadGeometry(asked = data.map.geometry)
  // they are read less often than they are sent: those known already drive on
  if (data.map.dots !== dots?.sent) {
    dots = { flat: new Float32Array(bytes(data.map.dots).buffer), since: performance.now(),
      sent: data.map.dots }
  }
  showLegend(box.legend, data)
  const invented = geometry?.areas.some((one) => one.synthetic)
  say(box.remark, invented ? data.words['map.synthetic'] : '')
  // a client that still draws is not overtaken: its next picture is of the newest state
  requestAnimationFrame(redraw)
}

function redraw () {
  if (!view) return
  const { areas, ratios, state } = latest.map
  change('ground', JSON.stringify(areas), drawGround)
  change('roads', ratios, drawRoads)
  // the page says which state of the roads its picture shows, for whoever watches the wall
  if (state !== null) box.sheets.dataset.painted = state
  placeLabels(latest, view)
  placePins(latest, view)
  showOverview(box.overview, geometry, latest, geometry.edge, gradeOf)
}

function change (name, shown, draw) {
  if (drawn[name] === shown) return
  drawn[name] = shown
  wipe(box[name], view)
  draw(box[name], latest)
}

function drawGround (pen, { map: { areas }, colours, grades }) {
  const unit = rem()
  pen.fillStyle = colours.land
  for (const { path } of paths.counties) pen.fill(path, 'evenodd')
  pen.strokeStyle = fade(colours.road, 110)
  pen.lineWidth = 0.006 * unit
  for (const { code, path } of paths.townships) {
    const grade = gradeOf(areas[code] ?? areas[code.slice(0, 6)], grades)
    if (grade) {
      pen.fillStyle = fade(grade.colour, 22)
      pen.fill(path, 'evenodd')
    }
    pen.stroke(path)
  }
  pen.strokeStyle = fade(colours.faint, 190)
  pen.lineWidth = 0.018 * unit
  for (const { path } of paths.counties) pen.stroke(path)
  pen.fillStyle = pen.strokeStyle = colours.water
  for (const path of paths.lakes) pen.fill(path, 'evenodd')
  for (const { path, width } of paths.rivers) {
    pen.lineWidth = width
    pen.stroke(path)
  }
}

function drawRoads (pen, { map, colours, grades }) {
  const ratios = bytes(map.ratios)
  // one stroke a segment: a path of thousands, stroked at once, takes ten times as long
  const strokeAll = (cover, thickness) => {
    // a colour for each byte that a state may be: thousands of segments look theirs up
    const palette = Array.from({ length: NONE + 1 }, (_, ratio) =>
      fade(gradeOf(ratio, grades)?.colour ?? colours.road, cover))
    paths.segments.forEach(({ path, width }, i) => {
      pen.strokeStyle = palette[ratios[i]]
      pen.lineWidth = thickness * width
      pen.stroke(path)
    })
  }
  if (paths.segments.length <= MOST_GLOWING) strokeAll(38, 3)
  strokeAll(235, 1)
}

// Vehicles drive on in the direction they had, until the next update tells better.
function move () {
  if (!dots || !view || document.hidden) return
  const [pen, radius] = [box.vehicles, 0.019 * rem()]
  const seconds = Math.min(3, (performance.now() - dots.since) / 1000)
  wipe(pen, view)
  pen.fillStyle = fade(latest.colours.text, 190)
  for (let i = 0; i < dots.flat.length; i += 4) {
    const [longitude, latitude, eastward, northward] = dots.flat.subarray(i, i + 4)
    const east = METRES_A_DEGREE * Math.cos(latitude * Math.PI / 180)
    const [x, y] = project(view, [longitude + eastward * seconds / east,
      latitude + northward * seconds / METRES_A_DEGREE])
    pen.beginPath()
    pen.arc(x, y, radius, 0, 2 * Math.PI)
    pen.fill()
  }
}
