// The shapes of the classes, as on the screen of the kiosk.

const SHAPES = ['circle', 'square', 'triangle', 'diamond', 'star', 'hexagon', 'cross', 'drop', 'ring'];

/** The corners of a regular figure, from the top clockwise, with alternating distances from the centre. */
function corners(count, lengths, down = 0) {
  return Array.from({length: count}, (_, i) => {
    const length = lengths[i % lengths.length], turn = (2 * Math.PI * i) / count;
    return `${(length * Math.sin(turn)).toFixed(3)},${(down - length * Math.cos(turn)).toFixed(3)}`;
  }).join(' ');
}

const DRAWINGS = {
  circle: [['circle', {r: 0.92}]],
  square: [['rect', {x: -0.81, y: -0.81, width: 1.62, height: 1.62, rx: 0.16}]],
  triangle: [['polygon', {points: corners(3, [1.06], 0.2)}]],
  diamond: [['polygon', {points: corners(4, [1])}]],
  star: [['polygon', {points: corners(10, [1.04, 0.46], 0.06)}]],
  hexagon: [['polygon', {points: corners(6, [0.98])}]],
  cross: [
    ['rect', {x: -0.31, y: -0.92, width: 0.62, height: 1.84, rx: 0.12}],
    ['rect', {x: -0.92, y: -0.31, width: 1.84, height: 0.62, rx: 0.12}],
  ],
  drop: [['circle', {cy: 0.3, r: 0.66}], ['polygon', {points: '0,-0.94 -0.58,0 0.58,0'}]],
  ring: [['circle', {r: 0.73, fill: 'none', 'stroke-width': 0.42}]],
};

/** The shape of a class as a picture in its colour. Where colours come again, they have other shapes. */
function shapeOf(label) {
  const round = Math.floor(label / SHAPES.length);
  const image = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  image.setAttribute('viewBox', '-1 -1 2 2');
  image.setAttribute('class', 'shape');
  image.setAttribute('aria-hidden', 'true');
  for (const [name, attributes] of DRAWINGS[SHAPES[(label + 4 * round) % SHAPES.length]]) {
    const part = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
    part.style.fill = attributes.fill || `var(--class-${label})`;
    if (attributes.fill) part.style.stroke = `var(--class-${label})`;
    image.append(part);
  }
  return image;
}
