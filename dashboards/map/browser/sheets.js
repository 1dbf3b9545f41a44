// Draw on canvases laid one above another, each redrawn only when what it shows has changed.
import { make } from './dom.js'

const EARTH_METRES = 40075017

export function sheet (name, parent) {
  return make('canvas', name, parent).getContext('2d')
}

export function resize (pen, { width, height }) {
  const ratio = window.devicePixelRatio || 1
  pen.canvas.width = Math.round(width * ratio)
  pen.canvas.height = Math.round(height * ratio)
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.lineCap = pen.lineJoin = 'round'
}

export function wipe (pen, { width, height }) { pen.clearRect(0, 0, width, height) }

// A colour of six hexadecimal digits, and how much of it covers what lies below (0 to 255).
export function fade (colour, cover) { return colour + cover.toString(16).padStart(2, '0') }

export function pathOf (lines, project, closed) {
  const path = new Path2D()
  for (const line of lines) {
    line.forEach((place, i) => path[i ? 'lineTo' : 'moveTo'](...project(place)))
    if (closed) path.closePath()
  }
  return path
}

// Pixels of so many metres at the middle of the view.
export function pixels (view, metres) {
  return metres * view.scale / EARTH_METRES / Math.cos(view.latitude * Math.PI / 180)
}
