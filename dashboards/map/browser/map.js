// Draw the map on deck.gl: no tiles, no network; geometry once, then one byte a road segment.
import { make, say } from './dom.js'
import { learn } from './places.js'
import { makeLabels, placeLabels, placePins } from './labels.js'
import { showLegend } from './legend.js'
import { bounds, fitView } from './view.js'
import { makeOverview, showOverview } from './overview.js'

const NONE = 255
const MOVE_MS = 120
const DUE_MS = 30
// moves left out for each at which the former picture was not drawn yet
const REST = 4
// of so many segments the glow of one is hidden by the next, and costs as much as they do
const MOST_GLOWING = 5000
const METRES_A_DEGREE = 111320

let box = null
let deck = null
let gl = null
let geometry = null
let latest = null
let dots = null
let view = null
let rest = 0
let due = false
let asked = null
let drawing = null
let fence = null
const webgl = hasWebgl()
let trouble = webgl ? null : 'map.no-webgl'

export function makeMap (panel) {
  box = { panel, canvas: make('div', 'map', panel), labels: make('div', 'labels', panel) }
  box.legend = make('div', 'legend', panel)
  box.remark = make('div', 'remark', panel)
  box.message = make('p', 'message', panel)
  box.overview = makeOverview(panel)
  load()
}

function hasWebgl () {
  try {
    return Boolean(document.createElement('canvas').getContext('webgl2'))
  } catch { return false }
}

function script (address) {
  return new Promise((resolve, reject) => {
    const node = document.createElement('script')
    node.src = address
    node.onload = resolve
    node.onerror = reject
    document.head.appendChild(node)
  })
}

// The area tree may be built, or replaced, while walls are watching.
async function loadGeometry (version) {
  const address = new URL(`../geometry.json?${version}`, import.meta.url)
  geometry = await (await fetch(address)).json()
  const waters = (kind) => geometry.water.filter((one) => one[kind])
  Object.assign(geometry, { version, lakes: waters('polygon'), rivers: waters('line') })
  learn(geometry)
  makeLabels(box.labels, geometry)
  fit()
}

async function load () {
  if (webgl) {
    try {
      await script(new URL('../deck.js', import.meta.url).href)
    } catch {
      trouble = 'map.no-deck'
      return
    }
    gl = window.deck
    deck = new gl.Deck({
      parent: box.canvas, views: new gl.MapView({ repeat: false }), controller: false,
      viewState: { longitude: 117, latitude: 36.65, zoom: 11 }, layers: [],
      onResize: fit, getCursor: () => 'default', onAfterRender: tellPainted
    })
    setInterval(move, MOVE_MS)
    setInterval(drawDue, DUE_MS)
  }
  new ResizeObserver(fit).observe(box.panel)
  fit()
}

// The page says which state of the roads its picture shows, for whoever watches the wall.
function tellPainted ({ gl: context }) {
  if (drawing !== null) box.canvas.dataset.painted = drawing
  if (fence) context.deleteSync(fence.sync)
  fence = { context, sync: context.fenceSync(context.SYNC_GPU_COMMANDS_COMPLETE, 0) }
}

// Tell whether the graphics card, or what draws in its place, is still at the last picture.
function isBusy () {
  const { context, sync } = fence ?? {}
  return sync && context.getSyncParameter(sync, context.SYNC_STATUS) === context.UNSIGNALED
}

function fit () {
  if (!geometry || !box.panel.clientWidth || !box.panel.clientHeight) return
  view = fitView(geometry, box.panel.clientWidth, box.panel.clientHeight, rem())
  if (deck) deck.setProps({ viewState: { ...view, pitch: 0, bearing: 0 } })
  if (latest) redraw()
}

function rem () { return parseFloat(getComputedStyle(document.documentElement).fontSize) }

function bytes (text) {
  return Uint8Array.from(atob(text), (one) => one.charCodeAt(0))
}

function rgba (hex, alpha = 255) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)).concat(alpha)
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
    const flat = new Float32Array(bytes(data.map.dots).buffer)
    dots = { flat, since: performance.now(), at: new Float32Array(flat.length / 2),
      sent: data.map.dots }
  }
  box.panel.classList.toggle('no-map', Boolean(trouble))
  say(box.message, trouble ? data.words[trouble] : '')
  showLegend(box.legend, data)
  const invented = geometry?.areas.some((one) => one.synthetic)
  say(box.remark, invented ? data.words['map.synthetic'] : '')
  due = true
  drawDue()
}

// A picture that a slow client still draws is not overtaken: only the newest state waits for it.
function drawDue () {
  if (!due || !geometry || !view || isBusy()) return
  due = false
  redraw()
}

function areaLayers (colours, grades) {
  const ground = (level) => geometry.areas.filter((one) => one.level === level)
    .flatMap((one) => one.polygons.map((polygon) => ({ code: one.code, polygon })))
  geometry.grounds ??= { county: ground('county'), township: ground('township') }
  const tint = (one) => {
    const areas = latest.map.areas
    const grade = gradeOf(areas[one.code] ?? areas[one.code.slice(0, 6)], grades)
    return grade ? rgba(grade.colour, 22) : rgba(colours.land, 255)
  }
  const shared = { getPolygon: (one) => one.polygon, lineWidthUnits: 'pixels' }
  return [
    new gl.PolygonLayer({ id: 'land', data: geometry.grounds.county, ...shared, stroked: false,
      getFillColor: rgba(colours.land) }),
    new gl.PolygonLayer({ id: 'townships', data: geometry.grounds.township, ...shared,
      getFillColor: tint, updateTriggers: { getFillColor: [latest.now] },
      getLineColor: rgba(colours.road, 110), getLineWidth: rem() * 0.006 }),
    new gl.PolygonLayer({ id: 'counties', data: geometry.grounds.county, ...shared, filled: false,
      getLineColor: rgba(colours.faint, 190), getLineWidth: rem() * 0.018 })
  ]
}

function waterLayers (colours) {
  return [
    new gl.PolygonLayer({ id: 'lakes', data: geometry.lakes,
      getPolygon: (one) => one.polygon, getFillColor: rgba(colours.water), stroked: false }),
    new gl.PathLayer({ id: 'rivers', data: geometry.rivers,
      getPath: (one) => one.line, getColor: rgba(colours.water), getWidth: (one) => one.width,
      widthMinPixels: rem() * 0.02, capRounded: true, jointRounded: true })
  ]
}

function roadLayers (colours, grades) {
  const ratios = bytes(latest.map.ratios)
  // a colour for each byte that a state may be: thousands of segments look theirs up
  const colour = (alpha) => {
    const palette = Array.from({ length: NONE + 1 }, (_, ratio) =>
      rgba(gradeOf(ratio, grades)?.colour ?? colours.road, alpha))
    return (_, { index }) => palette[ratios[index]]
  }
  const shared = {
    data: geometry.segments, getPath: (one) => one.line, widthUnits: 'pixels', capRounded: true,
    jointRounded: true, updateTriggers: { getColor: [latest.map.ratios] }
  }
  const unit = rem()
  const width = (one) => unit * (one.limit >= 70 ? 0.045 : one.limit >= 50 ? 0.034 : 0.024)
  const glow = new gl.PathLayer({ id: 'glow', ...shared, getColor: colour(38),
    getWidth: (one) => 3 * width(one), visible: geometry.segments.length <= MOST_GLOWING })
  return [glow, new gl.PathLayer({ id: 'roads', ...shared, getColor: colour(235), getWidth: width })]
}

function dotLayer (colours) {
  return new gl.ScatterplotLayer({
    id: 'dots', data: { length: dots.at.length / 2,
      attributes: { getPosition: { value: dots.at, size: 2 } } },
    radiusUnits: 'pixels', getRadius: rem() * 0.019, getFillColor: rgba(colours.text, 190),
    stroked: false
  })
}

// Vehicles drive on in the direction they had, until the next update tells better.
function advance () {
  const seconds = Math.min(3, (performance.now() - dots.since) / 1000)
  const { flat, at } = dots
  for (let i = 0, j = 0; i < flat.length; i += 4, j += 2) {
    const east = METRES_A_DEGREE * Math.cos(flat[i + 1] * Math.PI / 180)
    at[j] = flat[i] + flat[i + 2] * seconds / east
    at[j + 1] = flat[i + 1] + flat[i + 3] * seconds / METRES_A_DEGREE
  }
  dots.at = at.slice()
}

let still = []
function move () {
  if (!dots || !still.length || document.hidden) return
  // a client that draws in software keeps its time for what matters
  rest = isBusy() ? rest + REST : Math.max(0, rest - 1)
  if (rest) return
  advance()
  deck.setProps({ layers: [...still, dotLayer(latest.colours)] })
}

function redraw () {
  const { colours, grades } = latest
  if (deck) {
    still = [...areaLayers(colours, grades), ...waterLayers(colours), ...roadLayers(colours, grades)]
    advance()
    deck.setProps({ layers: [...still, dotLayer(colours)] })
    drawing = latest.map.state
  }
  placeLabels(latest, view)
  placePins(latest, view)
  showOverview(box.overview, geometry, latest, bounds(geometry), gradeOf)
}
