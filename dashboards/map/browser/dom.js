// Build and change the page. Data reaches it as text only, never as markup.

export function make (tag, name, parent, content) {
  const node = document.createElement(tag)
  if (name) node.className = name
  if (content !== undefined) node.textContent = content
  if (parent) parent.appendChild(node)
  return node
}

export function say (node, content) {
  const words = content === null || content === undefined ? '' : String(content)
  if (node.textContent !== words) node.textContent = words
}

export function draw (tag, attributes, parent) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag)
  change(node, attributes)
  if (parent) parent.appendChild(node)
  return node
}

export function change (node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const words = String(value)
    if (node.getAttribute(name) !== words) node.setAttribute(name, words)
  }
}

// Keep as many children as there are rows, reusing nodes so that nothing flickers.
export function repeat (parent, count, create) {
  while (parent.children.length > count) parent.lastChild.remove()
  while (parent.children.length < count) create(parent)
  return Array.from(parent.children)
}

export function number (value, digits, language) {
  if (value === null || value === undefined || Number.isNaN(value)) return '—'
  return new Intl.NumberFormat(language === 'en' ? 'en' : 'zh-CN', {
    minimumFractionDigits: digits, maximumFractionDigits: digits
  }).format(value)
}

export function fill (pattern, values) {
  return pattern.replace(/\{(\w+)\}/g, (_, name) => values[name])
}
