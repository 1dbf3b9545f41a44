// Draw the headline tiles, the tile of families nobody planned, and the operations strip.
import { make, number, repeat, say } from './dom.js'
import { mark, unwatch, watch } from './clock.js'
import { drawSpark, makeSpark } from './spark.js'

const tiles = new Map()
const TURN_MS = 8000

export function panel (parent, id, name = '') {
  const node = make('section', `panel ${name}`, parent)
  node.dataset.tile = id
  const top = make('header', 'panel-top', node)
  const title = make('h2', '', top)
  const note = make('p', 'note', top)
  watch(id, node, note)
  return { node, title, note, top }
}

function figure (parent, name) {
  const node = make('div', `figure ${name}`, parent)
  const line = make('div', 'figure-line', node)
  return { node, value: make('span', 'value', line), unit: make('span', 'unit', line),
    label: make('div', 'label', node) }
}

function showFigure (parts, data, language) {
  parts.node.classList.toggle('missing', data.value === null)
  say(parts.value, number(data.value, data.digits, language))
  say(parts.unit, data.value === null ? '' : data.unit)
  say(parts.label, data.label)
}

function makeTile (parent, id) {
  const tile = panel(parent, id, 'tile')
  const body = make('div', 'tile-body', tile.node)
  tile.head = figure(body, 'head')
  tile.more = make('div', 'more', body)
  const foot = make('div', 'trend', tile.node)
  tile.spark = makeSpark(foot)
  tile.caption = make('div', 'caption', foot)
  return tile
}

export function showTile (parent, data, language) {
  if (!tiles.has(data.id)) tiles.set(data.id, makeTile(parent, data.id))
  const tile = tiles.get(data.id)
  say(tile.title, data.title)
  showFigure(tile.head, data.head, language)
  const nodes = repeat(tile.more, data.more.length, (box) => { box.lastMade = figure(box, 'small').node })
  nodes.forEach((node, i) => {
    const one = data.more[i]
    node.classList.toggle('missing', one.value === null)
    say(node.querySelector('.value'), number(one.value, one.digits, language))
    say(node.querySelector('.unit'), one.value === null ? '' : one.unit)
    say(node.querySelector('.label'), one.label)
  })
  drawSpark(tile.spark, data.trend)
  say(tile.caption, data.trend_label)
  mark(data.id, data.at, data.limit)
}

function makeUnplanned (parent, id) {
  const tile = panel(parent, id, 'tile unplanned')
  tile.badge = make('span', 'badge')
  tile.title.after(tile.badge)
  const body = make('div', 'tile-body', tile.node)
  tile.head = figure(body, 'head')
  tile.table = make('div', 'means', body)
  return tile
}

function showUnplanned (parent, data, words, language) {
  if (!tiles.has(data.id)) tiles.set(data.id, makeUnplanned(parent, data.id))
  const tile = tiles.get(data.id)
  say(tile.title, data.title)
  say(tile.badge, words['unplanned.new'])
  showFigure(tile.head, data.head, language)
  tile.table.style.gridTemplateColumns = `minmax(0, 1.2fr) repeat(${data.columns.length - 1}, minmax(0, 1fr))`
  const cells = [...data.columns.map((one) => ['th', one])]
  for (const [name, values] of data.rows) {
    cells.push(['key', name], ...values.map((one) => ['mean', number(one, 1, language)]))
  }
  repeat(tile.table, cells.length, (box) => make('span', '', box)).forEach((node, i) => {
    node.className = cells[i][0]
    say(node, cells[i][1])
  })
  mark(data.id, data.at, data.limit)
  return tile.node
}

// One place for all new families; several take turns.
export function showAllUnplanned (parent, list, words, language) {
  const known = new Set(list.map((one) => one.id))
  for (const [id, tile] of tiles) {
    if (id.startsWith('unplanned-') && !known.has(id)) {
      tile.node.remove()
      tiles.delete(id)
      unwatch(id)
    }
  }
  parent.classList.toggle('dense', list.length > 0)
  const turn = list.length ? Math.floor(Date.now() / TURN_MS) % list.length : 0
  list.forEach((one, i) => {
    showUnplanned(parent, one, words, language).classList.toggle('away', i !== turn)
  })
}

// The ledger's equation of one publisher; several take turns, and only the wrong ones if any.
function showBalance (box, list, language) {
  const one = list.length ? list[Math.floor(Date.now() / TURN_MS) % list.length] : null
  box.classList.toggle('wrong', one !== null && one.wrong)
  const parts = one === null ? [] : [['who', one.publisher],
    ...[one.received, ...one.terms, one.residual].flatMap(([label, value], i, all) => [
      ['sign', i === 0 ? '' : i === 1 ? '=' : i === all.length - 1 ? '·' : '+'],
      ['what', label], [i === all.length - 1 ? 'sum left' : 'sum', number(value, 0, language)]])]
  repeat(box, parts.length, (node) => make('span', '', node)).forEach((node, i) => {
    node.className = parts[i][0]
    say(node, parts[i][1])
  })
}

export function showOperations (parent, data, language) {
  if (!tiles.has('operations')) {
    const made = panel(parent, 'operations', 'operations')
    made.balance = make('div', 'balance', made.top)
    made.row = make('div', 'operations-row', made.node)
    const trend = make('div', 'trend', made.node)
    made.spark = makeSpark(trend)
    made.caption = make('div', 'caption', trend)
    tiles.set('operations', made)
  }
  const tile = tiles.get('operations')
  say(tile.title, data.title)
  const nodes = repeat(tile.row, data.figures.length, (box) => figure(box, 'middle'))
  nodes.forEach((node, i) => {
    const one = data.figures[i]
    node.classList.toggle('missing', one.value === null)
    say(node.querySelector('.value'), number(one.value, one.digits, language))
    say(node.querySelector('.unit'), one.value === null ? '' : one.unit)
    say(node.querySelector('.label'), one.label)
  })
  nodes[0].classList.toggle('wrong', data.gap !== null && data.gap !== 0)
  nodes[0].classList.toggle('right', data.gap === 0)
  showBalance(tile.balance, data.balances, language)
  drawSpark(tile.spark, data.trend)
  say(tile.caption, data.trend_label)
  mark('operations', data.at, data.limit)
}
