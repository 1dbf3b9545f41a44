// Write names on the map as page text: crisp at any size, one above another only where there is room.
import { draw, make, repeat, say } from './dom.js'
import { project as toScreen } from './view.js'
import { local, placePoint, roadList } from './places.js'

let box = null
let geometry = null
let shownFor = ''

export function makeLabels (parent, map) {
  geometry = map
  shownFor = ''
  box ??= { names: make('div', 'names', parent), pins: make('div', 'pins', parent) }
}

function roadLabels (language, project) {
  const found = []
  for (const [id, road] of roadList()) {
    const words = local(road, language)
    if (!words) continue
    const spots = road.segments.map((one) => one.line)
    const line = spots[Math.floor(spots.length * 0.4)]
    const [a, b] = [project(line[0]), project(line[line.length - 1])]
    let angle = Math.atan2(b[1] - a[1], b[0] - a[0]) * 180 / Math.PI
    if (angle > 90) angle -= 180
    if (angle < -90) angle += 180
    const steep = Math.abs(angle) > 50
    found.push({ id, words, at: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], angle, steep, rank: 2,
      name: 'road-name', spots: spots.map((one) => project(one[Math.floor(one.length / 2)])) })
  }
  return found
}

function otherLabels (language, project) {
  const areas = geometry.areas.filter((one) => one.level === 'county').map((one) => ({
    id: one.code, words: local(one, language), at: project(one.label), angle: 0, rank: 1,
    name: 'county-name', spots: [] }))
  const water = geometry.water.map((one) => {
    const points = one.line ?? one.polygon[0]
    const spots = points.map(project)
    return { id: one.name, words: local(one, language), at: spots[Math.floor(spots.length / 2)],
      angle: 0, rank: 0, name: 'water-name', spots }
  })
  const landmarks = geometry.landmarks.map((one) => ({ id: one.name, words: local(one, language),
    at: project(one.at), angle: 0, rank: 1.5, name: 'landmark-name', spots: [] }))
  return [...water, ...areas, ...landmarks]
}

// Offices of counties, where people look for the name, lie off the drawn centre at this scale:
// a county whose label point is out of sight gets its name where its visible part is.
function visiblePart (code, project, view) {
  const area = geometry.areas.find((one) => one.code === code)
  const points = geometry.areas.filter((one) => one.level === 'township' &&
    one.code.startsWith(code)).map((one) => project(one.label)).filter((at) => inside(at, view, 60))
  if (!area || !points.length) return null
  return [0, 1].map((i) => points.reduce((sum, one) => sum + one[i], 0) / points.length)
}

function inside ([x, y], view, edge) {
  return x > edge && y > edge && x < view.width - edge && y < view.height - edge
}

function clash (a, b) {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

function rectangle (label, at, size) {
  const wide = label.rank === 1 ? (label.latin ? 0.68 : 1.28) : (label.latin ? 0.58 : 1.06)
  const long = label.words.length * size * wide
  const [w, h] = label.steep ? [size * 1.3, long] : [long, size * 1.3]
  return [at[0] - w / 2, at[1] - h / 2, at[0] + w / 2, at[1] + h / 2]
}

export function placeLabels (data, view) {
  const project = (place) => toScreen(view, place)
  const key = `${data.language}:${view.width}x${view.height}:${view.scale}`
  if (key === shownFor) return
  shownFor = key
  const unit = parseFloat(getComputedStyle(document.documentElement).fontSize)
  const sizes = { 'county-name': 0.27 * unit, 'road-name': 0.15 * unit, 'water-name': 0.16 * unit,
    'landmark-name': 0.15 * unit }
  const taken = reserved(view, unit)
  const shown = []
  const labels = [...otherLabels(data.language, project), ...roadLabels(data.language, project)]
  for (const label of labels.sort((a, b) => a.rank - b.rank)) {
    label.latin = data.language === 'en'
    if (label.rank === 1 && !inside(label.at, view, 40)) {
      label.at = visiblePart(label.id, project, view) ?? label.at
    }
    const tries = [label.at, ...label.spots]
    const at = tries.find((one) => {
      const room = rectangle(label, one, sizes[label.name])
      return inside(room.slice(0, 2), view, 0.06 * unit) && inside(room.slice(2), view, 0.06 * unit) &&
        !taken.some((other) => clash(other, room))
    })
    if (!at) continue
    taken.push(rectangle(label, at, sizes[label.name]))
    shown.push({ ...label, at })
  }
  repeat(box.names, shown.length, (parent) => make('span', '', parent)).forEach((node, i) => {
    const { words, at, angle, steep, name, latin } = shown[i]
    node.className = name + (steep && !latin ? ' upright' : '')
    const turn = steep && !latin ? 0 : angle
    node.style.transform = `translate(${at[0]}px, ${at[1]}px) translate(-50%, -50%) rotate(${turn}deg)`
    say(node, words)
  })
}

// Keep names away from the title, the legend and the overview.
function reserved ({ width, height }, unit) {
  return [[0, 0, 1.5 * unit, 0.5 * unit], [0, height - 0.42 * unit, width, height],
    [width - 1.95 * unit, height - 2.65 * unit, width, height]]
}

// Every alert in sight gets its sign; its words only where they hide no other alert's.
export function placePins (data, view) {
  const project = (place) => toScreen(view, place)
  const unit = parseFloat(getComputedStyle(document.documentElement).fontSize)
  const taken = reserved(view, unit)
  const pins = data.alerts.rows.filter((one) => one.raised)
    .map((one) => ({ ...one, point: placePoint(one.place) }))
    .filter((one) => one.point).map((one) => ({ ...one, at: project(one.point) }))
    .filter((one) => inside(one.at, view, 0.1 * unit)).slice(0, 5)
  const sign = ({ at: [x, y] }) => [x - 0.16 * unit, y - 0.28 * unit, x + 0.16 * unit, y + 0.04 * unit]
  for (const one of pins) {
    const [x, y] = one.at
    const long = Math.min(3, 0.3 + one.title.length * (data.language === 'en' ? 0.085 : 0.175)) * unit
    const sides = { true: [x - 0.2 * unit - long, y - 0.32 * unit, x - 0.18 * unit, y],
      false: [x + 0.18 * unit, y - 0.32 * unit, x + 0.2 * unit + long, y] }
    const free = [x > view.width * 0.6, x <= view.width * 0.6].filter((side) =>
      !taken.some((other) => clash(other, sides[side])) && sides[side][2] < view.width &&
      sides[side][0] > 0 && !pins.some((other) => other !== one && clash(sign(other), sides[side])))
    one.leftward = free[0] ?? false
    one.silent = !free.length
    const words = sides[one.leftward]
    if (!one.silent) taken.push(words)
  }
  repeat(box.pins, pins.length, (parent) => {
    const node = make('div', 'pin', parent)
    const sign = draw('svg', { viewBox: '0 0 24 24', class: 'pin-sign' }, node)
    draw('path', { d: 'M12 2 23 21H1Z' }, sign)
    draw('path', { d: 'M12 9v6M12 17.6v.6', class: 'pin-mark' }, sign)
    make('span', 'pin-words', node)
  }).forEach((node, i) => {
    const one = pins[i]
    node.style.transform = `translate(${one.at[0]}px, ${one.at[1]}px)`
    node.style.setProperty('--mark', data.severity[one.level] ?? data.colours.soft)
    node.classList.toggle('leftward', one.leftward)
    node.classList.toggle('silent', one.silent)
    say(node.querySelector('.pin-words'), one.title)
  })
}
