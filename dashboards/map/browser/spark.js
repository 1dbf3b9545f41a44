// Draw one trend as a line with a soft ground; gaps stay gaps.
import { change, draw } from './dom.js'

const W = 400
const H = 100

export function makeSpark (parent) {
  const svg = draw('svg', { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: 'none', class: 'spark',
    'aria-hidden': 'true' }, parent)
  const ground = draw('path', { class: 'spark-ground' }, svg)
  const line = draw('path', { class: 'spark-line', 'vector-effect': 'non-scaling-stroke' }, svg)
  const last = draw('path', { class: 'spark-last', 'vector-effect': 'non-scaling-stroke' }, svg)
  return { svg, ground, line, last }
}

export function drawSpark (spark, values) {
  const known = values.filter((one) => one !== null && one !== undefined)
  if (known.length < 2) {
    for (const part of [spark.ground, spark.line, spark.last]) change(part, { d: '' })
    return
  }
  const low = Math.min(...known)
  const high = Math.max(...known)
  const span = Math.max(high - low, Math.abs(high) * 0.04, 1e-9)
  const middle = (high + low) / 2
  const x = (i) => (i / (values.length - 1)) * (W - 6) + 3
  const y = (v) => H / 2 - ((v - middle) / span) * (H - 16)
  let line = ''
  let ground = ''
  let open = null
  let end = null
  values.forEach((v, i) => {
    if (v === null || v === undefined) {
      if (open !== null) ground += `L${end[0]} ${H}L${open} ${H}Z`
      open = null
      return
    }
    const point = [x(i).toFixed(1), y(v).toFixed(1)]
    line += `${open === null ? 'M' : 'L'}${point[0]} ${point[1]}`
    ground += `${open === null ? 'M' : 'L'}${point[0]} ${point[1]}`
    if (open === null) open = point[0]
    end = point
  })
  if (open !== null) ground += `L${end[0]} ${H}L${open} ${H}Z`
  change(spark.line, { d: line })
  change(spark.ground, { d: ground })
  // a line of no length with round caps is a dot that no scaling turns into an ellipse
  change(spark.last, { d: end ? `M${end[0]} ${end[1]}h0.01` : '' })
}
