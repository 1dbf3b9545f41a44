// Say what the colours of the map mean.
import { make, repeat, say } from './dom.js'

export function showLegend (legend, { grades, words, colours }) {
  const rows = [['title', null, words['map.grade']],
    ...grades.map((one, i) => ['grade', one.colour, `${one.title} ${range(grades, i)}`]),
    ['grade', colours.road, words['map.none']], ['dot', colours.text, words['map.vehicles']]]
  repeat(legend, rows.length, (parent) => {
    const node = make('div', '', parent)
    make('i', '', node)
    make('span', '', node)
  }).forEach((node, i) => {
    const [name, colour, words] = rows[i]
    node.className = name
    if (colour) node.style.setProperty('--mark', colour)
    say(node.lastChild, words)
  })
}

function range (grades, i) {
  return i === 0 ? `>${grades[0].above}`
    : i === grades.length - 1 ? `≤${grades[i - 1].above}` : `${grades[i].above}–${grades[i - 1].above}`
}
