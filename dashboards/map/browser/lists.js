// Draw the newest alerts and the newest cases.
import { fill, make, repeat, say } from './dom.js'
import { mark, now, time, untimed } from './clock.js'
import { panel } from './tiles.js'
import { areaName, placeName } from './places.js'

const ROWS = 4
let alerts = null
let cases = null

function list (parent, id) {
  const made = panel(parent, id, 'list')
  made.rows = make('div', 'rows', made.node)
  made.none = make('p', 'none', made.node)
  untimed(id)
  return made
}

function row (box) {
  const node = make('div', 'row', box)
  for (const name of ['mark', 'what', 'where', 'when']) make('span', name, node)
}

export function showAlerts (parent, data, frame) {
  alerts ??= list(parent, 'alerts')
  say(alerts.title, frame.words.alerts)
  const shown = data.rows.slice(0, ROWS)
  say(alerts.none, shown.length ? '' : frame.words['alerts.none'])
  repeat(alerts.rows, shown.length, row).forEach((node, i) => {
    const one = shown[i]
    const [tag, what, where, when] = node.children
    node.classList.toggle('over', !one.raised)
    tag.style.setProperty('--mark', frame.severity[one.level] ?? frame.colours.soft)
    say(tag, one.raised ? one.word : one.state)
    say(what, one.title)
    const place = one.name || placeName(one.place, frame)
    where.lang = one.name ? 'zh-CN' : frame.language
    say(where, one.title.includes(place) ? '' : place)
    say(when, time(one.at, frame.language))
  })
  mark('alerts', data.at, data.limit)
}

export function showCases (parent, data, frame) {
  cases ??= list(parent, 'cases')
  say(cases.title, frame.words.cases)
  const shown = data.rows.slice(0, ROWS)
  say(cases.none, shown.length ? '' : frame.words['cases.none'])
  repeat(cases.rows, shown.length, row).forEach((node, i) => {
    const one = shown[i]
    const [tag, what, where, when] = node.children
    const done = one.step === 'closed' || one.step === 'voided'
    const late = !done && one.due !== null && one.due < now()
    node.classList.toggle('over', done)
    tag.style.setProperty('--mark', done ? frame.colours.good : frame.colours.accent)
    say(tag, one.word)
    say(what, one.kind.split('/').pop())
    say(where, areaName(one.area, frame))
    when.classList.toggle('late', late)
    const due = one.due === null ? null : time(one.due, frame.language)
    say(when, done || due === null ? time(one.at, frame.language)
      : fill(frame.words[late ? 'cases.overdue' : 'cases.due'], { at: due }))
  })
  mark('cases', data.at, data.limit)
}
