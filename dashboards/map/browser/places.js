// Know where areas and roads are and what they are called.

const areas = new Map()
const roads = new Map()

export function learn (geometry) {
  for (const area of geometry.areas) areas.set(area.code, area)
  for (const segment of geometry.segments) {
    if (!roads.has(segment.road)) {
      roads.set(segment.road, { name: segment.name, name_en: segment.name_en, segments: [] })
    }
    roads.get(segment.road).segments.push(segment)
  }
}

export function roadList () { return roads }

// A code is as deep as it is long; only counties and townships have names here.
export function areaName (code, frame) {
  if (!code) return frame.words.outside
  const county = areas.get(code.slice(0, 6))
  const township = code.length >= 9 ? areas.get(code.slice(0, 9)) : null
  // people know a township by its Chinese name; where it has no other, the county is named
  const known = [township, county].find((one) => one && hasName(one, frame.language))
  return known ? local(known, frame.language) : frame.words['map.whole']
}

function hasName (one, language) {
  return language !== 'en' || (one.name_en && one.name_en !== one.name)
}

export function local (one, language) {
  return language === 'en' && one.name_en ? one.name_en : one.name
}

export function placeName (place, frame) {
  const road = roads.get(place)
  if (road) return local(road, frame.language)
  return /^\d+$/.test(place) || place === '' ? areaName(place, frame) : place
}

export function placePoint (place) {
  const road = roads.get(place)
  if (road) {
    const line = road.segments[Math.floor(road.segments.length / 2)].line
    return line[Math.floor(line.length / 2)]
  }
  for (const digits of [9, 6]) {
    const area = areas.get(place.slice(0, digits))
    if (area && place.length >= digits) return area.label
  }
  return null
}
