// Why the model answered so: how much each part of the picture speaks for the winner against the runner-up.
// Computed as in learning/evidence.py, or by covering parts of the picture as in app/model/why.py.

const COVERED_CELLS = 7, SMALLEST_PROBABILITY = 1 / 512;
const LIGHT_EDGE = 48, LIGHT_SPREAD = 0.55, DARK_BELOW = 0.15, FULL_FROM = 0.85; // as in app/views/light.py
const DARKNESS = 0.75, TINT = 0.35; // of the layer over the picture

/** What the maps of the model mean, from the data of the page and the model's bytes; null if it has no such form. */
function explanationFacts(packed, model) {
  if (!packed) return null;
  const unpacked = ({shape, data}) => ({shape, values: floats(data)});
  const head = packed.headWeights.data ? unpacked(packed.headWeights) : foundWeights(packed.headWeights, model);
  return {
    ...packed,
    offsets: floats(packed.offsets.data), offsetShares: floats(packed.offsetShares.data),
    headWeights: head, headBiases: floats(packed.headBiases.data),
    maps: packed.maps.map((map) => ({
      ...map, window: unpacked(map.window), weights: map.weights.data ? unpacked(map.weights) : ofHead(map.weights, head),
      rowShares: floats(map.rowShares.data), columnShares: floats(map.columnShares.data),
    })),
  };
}

/** The weights of the head as real numbers, from the model's bytes. */
function foundWeights({shape, place, signed, scales, zeros}, model) {
  const [labels, size] = shape;
  if (!scales) return {shape, values: new Float32Array(model.slice(place, place + 4 * labels * size).buffer)};
  const scale = floats(scales.data), zero = floats(zeros.data);
  const stored = new (signed ? Int8Array : Uint8Array)(model.buffer, model.byteOffset + place, labels * size);
  const values = Float32Array.from(stored, (value, i) => {
    const row = scale.length === 1 ? 0 : Math.floor(i / size);
    return (value - zero[row]) * scale[row];
  });
  return {shape, values};
}

/** The weights of a map that are columns of the head. */
function ofHead({shape, firstColumn}, head) {
  const [labels, , , channels] = shape, size = head.shape[1], values = new Float32Array(labels * channels);
  for (let label = 0; label < labels; label++) {
    const start = label * size + firstColumn;
    values.set(head.values.subarray(start, start + channels), label * channels);
  }
  return {shape, values};
}

/** The logits of an embedding. */
function logitsOf({headWeights, headBiases}, embedding) {
  const size = headWeights.shape[1];
  return Float64Array.from(headBiases, (bias, label) => {
    let sum = bias;
    for (let i = 0; i < size; i++) sum += headWeights.values[label * size + i] * embedding[i];
    return sum;
  });
}

/** The rows of the winner and of the runner-up; scores decide between equal probabilities. */
function firstAndSecond(probabilities, scores) {
  const winner = probabilities.indexOf(Math.max(...probabilities));
  const others = Array.from(probabilities.keys()).filter((row) => row !== winner);
  others.sort((a, b) => probabilities[b] - probabilities[a] || scores[b] - scores[a]);
  return [winner, others[0]];
}

/** The shares of the cells in logit[winner] − logit[other]; `tensors` has the real numbers of each map by its index. */
function evidence(facts, tensors, winner, other) {
  const {rows, cols} = facts, offset = facts.offsets[winner] - facts.offsets[other];
  const cells = Float64Array.from(facts.offsetShares, (share) => share * offset);
  for (const map of facts.maps) {
    const [, height, width, channels] = map.shape, shares = new Float64Array(height * width);
    const values = tensors.get(map.tensor), start = map.picture * height * width * channels;
    const [, , , across] = map.weights.shape, each = map.weights.values.length / map.weights.shape[0];
    const windowChannels = map.window.shape[2], windowCells = map.window.shape[0] * map.window.shape[1];
    for (let cell = 0; cell < height * width; cell++) {
      const own = each === across ? 0 : cell * across, windowStart = windowCells === 1 ? 0 : cell * windowChannels;
      for (let channel = 0; channel < channels; channel++) {
        const place = own + channel;
        const weight = map.weights.values[winner * each + place] - map.weights.values[other * each + place];
        const weighed = map.window.values[windowStart + (windowChannels === 1 ? 0 : channel)];
        shares[cell] += values[start + cell * channels + channel] * weighed * weight;
      }
    }
    spread(cells, shares, map, rows, cols);
  }
  return cells;
}

/** Add the shares of a map's own cells to those of the common grid. */
function spread(cells, shares, {shape: [, height, width], rowShares, columnShares}, rows, cols) {
  for (let row = 0; row < rows; row++) {
    for (let y = 0; y < height; y++) {
      const part = rowShares[row * height + y];
      if (part === 0) continue;
      for (let column = 0; column < cols; column++) {
        for (let x = 0; x < width; x++) {
          cells[row * cols + column] += part * columnShares[column * width + x] * shares[y * width + x];
        }
      }
    }
  }
}

/** A copy of the model's input, RGB bytes, with one of COVERED_CELLS by COVERED_CELLS parts in the mean colour. */
function coveredInput(pixels, size, row, column) {
  const edge = (number) => Math.round((number * size) / COVERED_CELLS), copy = pixels.slice();
  const mean = [0, 0, 0];
  for (let i = 0; i < pixels.length; i++) mean[i % 3] += pixels[i] / (size * size);
  for (let y = edge(row); y < edge(row + 1); y++) {
    for (let x = edge(column); x < edge(column + 1); x++) copy.set(mean, (y * size + x) * 3);
  }
  return copy;
}

/** How light to draw the picture, 0..1: LIGHT_EDGE by LIGHT_EDGE values. */
function lightOf({cells, rows, cols}) {
  const weights = (count) => Array.from({length: LIGHT_EDGE}, (_, to) => {
    const at = ((to + 0.5) / LIGHT_EDGE) * count - 0.5;
    const near = Array.from({length: count}, (_, cell) => Math.exp(-0.5 * ((at - cell) / LIGHT_SPREAD) ** 2));
    const sum = near.reduce((a, b) => a + b, 0);
    return near.map((one) => one / sum);
  });
  const across = weights(cols), down = weights(rows), light = new Float64Array(LIGHT_EDGE * LIGHT_EDGE);
  for (let row = 0; row < rows; row++) {
    const line = across.map((shares) => shares.reduce((sum, share, x) => sum + share * Math.max(0, cells[row * cols + x]), 0));
    for (let y = 0; y < LIGHT_EDGE; y++) {
      for (let x = 0; x < LIGHT_EDGE; x++) light[y * LIGHT_EDGE + x] += down[y][row] * line[x];
    }
  }
  const strongest = Math.max(...light);
  return light.map((value) => {
    const share = strongest > 0 ? (value / strongest - DARK_BELOW) / (FULL_FROM - DARK_BELOW) : 0;
    const cut = Math.min(1, Math.max(0, share));
    return cut * cut * (3 - 2 * cut);
  });
}

/** Draw an explanation on a canvas that lies over the picture: dark, and where it is light in the colour of the class. */
function drawLight(canvas, why) {
  const image = new ImageData(LIGHT_EDGE, LIGHT_EDGE);
  const colour = getComputedStyle(document.documentElement).getPropertyValue(`--class-${why.winner}`).trim();
  const rgb = [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
  lightOf(why).forEach((light, i) => {
    const dark = DARKNESS * (1 - light), tint = TINT * light, alpha = dark + tint;
    image.data.set([...rgb.map((value) => (value * tint) / alpha), 255 * alpha], 4 * i);
  });
  canvas.width = canvas.height = LIGHT_EDGE;
  canvas.getContext('2d').putImageData(image, 0, 0);
}

/** Whether explanations are shown. */
function showsWhy() {
  return byId('why').checked;
}
