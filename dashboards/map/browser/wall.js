// Show the wall: build it once, then only change what changed.
import { fill, make, say } from './dom.js'
import { age, date, listen, mark, receive, tick, time } from './clock.js'
import { panel, showAllUnplanned, showOperations, showTile } from './tiles.js'
import { showAlerts, showCases } from './lists.js'
import { makeMap, showMap } from './map.js'

const LEFT = ['traffic', 'parking', 'environment']
let wall = null

function header (root) {
  const node = make('div', 'top', root)
  const name = make('div', 'name', node)
  const parts = { city: make('h1', '', name), other: make('span', 'other', name) }
  const state = make('div', 'state', node)
  parts.mark = make('span', 'state-mark', state)
  parts.state = make('span', 'state-word', state)
  parts.fresh = make('span', 'fresh', state)
  const right = make('div', 'clock', node)
  parts.date = make('span', 'date', right)
  parts.time = make('span', 'time', right)
  return parts
}

function build (parent) {
  const style = make('link', '')
  style.rel = 'stylesheet'
  style.href = new URL('wall.css', import.meta.url).href
  document.head.appendChild(style)
  const root = make('div', 'city-wall', parent)
  root.style.visibility = 'hidden'
  style.onload = () => { root.style.visibility = '' }
  const top = header(root)
  const left = make('div', 'column left', root)
  const centre = make('div', 'centre', root)
  const right = make('div', 'column right', root)
  const map = panel(centre, 'map', 'map-panel')
  const lists = make('div', 'lists', centre)
  const bottom = make('div', 'bottom', root)
  makeMap(map.node)
  listen((status) => showStatus(top, status))
  return { root, top, left, right, map, lists, bottom }
}

function showStatus (top, { now, trouble, stale, fresh, level, waiting, frame }) {
  const { words, language, operations } = frame
  say(top.date, date(now, language))
  say(top.time, time(now, language, true))
  say(top.fresh, fresh === null ? words['fresh.none']
    : fill(words.fresh, { age: age(fresh, words) }))
  top.fresh.dataset.level = level
  const [key, grade] = trouble ? ['state.lost', 'bad']
    : operations.gap ? ['state.residual', 'bad']
      : operations.disk_full ? ['state.disk', 'bad']
      : waiting ? ['state.waiting', 'amber']
        : stale ? ['state.partly', 'amber'] : ['state.ok', 'good']
  say(top.state, words[key])
  say(top.mark, { good: '●', amber: '▲', bad: '■' }[grade])
  top.mark.parentNode.dataset.level = grade
}

export function show (parent, data) {
  receive(data)
  wall ??= build(parent)
  if (wall.root.parentNode !== parent && parent.isConnected) parent.appendChild(wall.root)
  const { words, language } = data
  wall.root.lang = language === 'en' ? 'en' : 'zh-CN'
  for (const [name, colour] of Object.entries(data.colours)) {
    wall.root.style.setProperty(`--${name}`, colour)
  }
  say(wall.top.city, words.city)
  say(wall.top.other, words['city.other'])
  wall.top.other.lang = language === 'en' ? 'zh-CN' : 'en'
  for (const tile of data.tiles) {
    showTile(LEFT.includes(tile.id) ? wall.left : wall.right, tile, language)
  }
  showAllUnplanned(wall.left, data.unplanned, words, language)
  say(wall.map.title, words.map)
  mark('map', data.map.at, data.map.limit)
  showMap(data)
  showAlerts(wall.lists, data.alerts, data)
  showCases(wall.lists, data.cases, data)
  showOperations(wall.bottom, data.operations, language)
  wall.root.dataset.frames = Number(wall.root.dataset.frames ?? 0) + 1
  tick()
}
