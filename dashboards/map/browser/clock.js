// Time everything in the browser, so that what is old shows as old when the server is dead too.
import { fill, say } from './dom.js'

const LOST_MS = 8000
const RED_MS = 15000
const AMBER_MS = 5000
const ZONE = 'Asia/Shanghai'

const watched = new Map()
let frame = null
let offset = null
let receivedAt = 0
const listeners = []

export function now () { return Date.now() + (offset ?? 0) }

function format (options, language) {
  return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'zh-CN',
    { timeZone: ZONE, hourCycle: 'h23', ...options })
}

export function time (at, language, seconds = false) {
  const options = { hour: '2-digit', minute: '2-digit' }
  if (seconds) options.second = '2-digit'
  return format(options, language).format(at)
}

export function date (at, language) {
  const options = { year: 'numeric', month: language === 'en' ? 'short' : 'long', day: 'numeric',
    weekday: language === 'en' ? 'short' : 'long' }
  return format(options, language).format(at)
}

// Tell a duration in the coarsest unit that is still honest.
export function age (ms, words) {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return fill(words['age.s'], { n: seconds })
  if (seconds < 7200) return fill(words['age.min'], { n: Math.round(seconds / 60) })
  return fill(words['age.h'], { n: Math.round(seconds / 3600) })
}

export function watch (id, node, note) { watched.set(id, { node, note, at: null, limit: 0 }) }
export function unwatch (id) { watched.delete(id) }

export function mark (id, at, limit) {
  const one = watched.get(id)
  if (one) Object.assign(one, { at, limit })
}

export function receive (data) {
  frame = data
  receivedAt = performance.now()
  const measured = data.now - Date.now()
  // the least delayed frame tells the server's clock best
  offset = offset === null || Math.abs(measured - offset) > 5000 ? measured : Math.max(offset, measured)
}

function broken () {
  const silent = performance.now() - receivedAt
  if (silent > LOST_MS) return { key: 'stale.server', age: silent, at: now() - silent }
  if (!frame.answered) {
    const at = frame.read_at ?? null
    return { key: 'stale.store', age: at === null ? Infinity : now() - at, at }
  }
  return null
}

function reason (one, trouble) {
  const { words, language } = frame
  if (trouble && trouble.age > RED_MS && trouble.at !== null) {
    return fill(words[trouble.key], { at: time(trouble.at, language, true) })
  }
  if (one.at === null || one.at === undefined) return words['stale.none']
  const old = now() - one.at
  if (old <= one.limit * 1000) return ''
  return fill(words['stale.old'], { age: age(old, words), limit: age(one.limit * 1000, words) })
}

function tick () {
  if (!frame) return
  const trouble = broken()
  let newest = null
  let stale = 0
  let known = 0
  for (const one of watched.values()) {
    const why = reason(one, trouble)
    one.node.classList.toggle('stale', why !== '')
    say(one.note, why)
    if (why) stale += 1
    if (one.timed === false || one.at === null || one.at === undefined) continue
    known += 1
    newest = Math.max(newest ?? 0, one.at)
  }
  const fresh = newest === null ? null : Math.max(0, now() - newest)
  const level = fresh === null || fresh > RED_MS ? 'bad' : fresh > AMBER_MS ? 'amber' : 'good'
  for (const listener of listeners) {
    listener({ now: now(), trouble, stale, fresh, level, waiting: known === 0, frame })
  }
}

export function listen (listener) { listeners.push(listener) }

// Lists are as new as their query, so they must not make the city look alive.
export function untimed (id) { const one = watched.get(id); if (one) one.timed = false }

setInterval(tick, 500)
export { tick }
