// Crop and resize exactly as the kiosk does with OpenCV, so that the model sees the same pixels.
// Pictures are {width, height, data}: RGB, one byte a value, row by row.

/** Round as Python and the processor do: halves go to the even neighbour. */
function roundHalfEven(value) {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The centre square [left, top, side]. A square picture was cropped before; `share` is less than 1 after a zoom. */
function centreSquare(width, height, share) {
  const side = width === height ? width : Math.max(1, roundHalfEven(Math.min(width, height) * share));
  return [Math.floor((width - side) / 2), Math.floor((height - side) / 2), side];
}

/** Resize a square picture: by area to fewer pixels, linearly to more. Returns the RGB bytes. */
function resizedSquare(data, side, size) {
  if (side === size) return data;
  if (side < size) return enlarged(data, side, size);
  const scale = 1 / (size / side);
  const whole = Math.round(scale);
  return Math.abs(scale - whole) < Number.EPSILON ? reducedByWhole(data, side, size, whole) : reduced(data, side, size, scale);
}

/** Means of `factor` by `factor` pixels. Source: OpenCV, resizeAreaFast_. */
function reducedByWhole(data, side, size, factor) {
  const result = new Uint8Array(size * size * 3);
  const share = Math.fround(1 / (factor * factor));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let v = 0; v < factor; v++) {
          let from = ((y * factor + v) * side + x * factor) * 3 + channel;
          for (let u = 0; u < factor; u++, from += 3) sum += data[from];
        }
        // Factor 2 has code of its own there, which rounds halves up.
        result[(y * size + x) * 3 + channel] = factor === 2 ? (sum + 2) >> 2 : roundHalfEven(Math.fround(sum * share));
      }
    }
  }
  return result;
}

/** Which pixels of a row make a new pixel, and their shares. Source: OpenCV, computeResizeAreaTab. */
function areaTable(side, size, scale) {
  const table = [];
  for (let to = 0; to < size; to++) {
    const start = to * scale, end = start + scale;
    const cell = Math.min(scale, side - start);
    const last = Math.min(Math.floor(end), side - 1), first = Math.min(Math.ceil(start), last);
    if (first - start > 1e-3) table.push([to, first - 1, Math.fround((first - start) / cell)]);
    for (let from = first; from < last; from++) table.push([to, from, Math.fround(1 / cell)]);
    if (end - last > 1e-3) table.push([to, last, Math.fround(Math.min(Math.min(end - last, 1), cell) / cell)]);
  }
  return table;
}

/** Means of areas with parts of pixels, in single precision. Source: OpenCV, ResizeArea_Invoker. */
function reduced(data, side, size, scale) {
  const table = areaTable(side, size, scale);
  const count = table.length;
  const to = new Int32Array(count), from = new Int32Array(count), share = new Float32Array(count);
  table.forEach((entry, i) => { to[i] = entry[0] * 3; from[i] = entry[1] * 3; share[i] = entry[2]; });
  const result = new Uint8Array(size * size * 3);
  const row = new Float32Array(size * 3), sum = new Float32Array(size * 3);
  let current = 0;
  const finish = () => {
    for (let i = 0; i < sum.length; i++) result[current * size * 3 + i] = Math.min(255, roundHalfEven(sum[i]));
  };
  for (const [y, sourceY, weight] of table) {
    row.fill(0);
    const start = sourceY * side * 3;
    for (let i = 0; i < count; i++) {
      const t = to[i], f = start + from[i], w = share[i];
      row[t] = Math.fround(row[t] + Math.fround(data[f] * w));
      row[t + 1] = Math.fround(row[t + 1] + Math.fround(data[f + 1] * w));
      row[t + 2] = Math.fround(row[t + 2] + Math.fround(data[f + 2] * w));
    }
    if (y !== current) {
      finish();
      current = y;
      sum.fill(0);
    }
    for (let i = 0; i < sum.length; i++) sum[i] = Math.fround(sum[i] + Math.fround(weight * row[i]));
  }
  finish();
  return result;
}

/**
 * For each new pixel: both neighbours and their shares in 1/2048. Source: OpenCV, resize.
 * Beyond the first and the last pixel, columns use one neighbour alone, and rows use the same neighbour twice.
 */
function linearTable(side, size, isColumns) {
  const scale = 1 / (size / side), last = side - 1;
  return Array.from({length: size}, (_, to) => {
    const place = Math.fround((to + 0.5) * scale - 0.5);
    let first = Math.floor(place), part = Math.fround(place - first);
    if (isColumns && (first < 0 || first >= last)) part = 0;
    const before = roundHalfEven(Math.fround(1 - part) * 2048), after = roundHalfEven(part * 2048);
    if (isColumns) first = Math.min(Math.max(first, 0), last);
    return [Math.max(first, 0), Math.min(Math.max(first + 1, 0), last), before, after];
  });
}

/** Interpolate linearly in fixed point. Source: OpenCV, HResizeLinear and VResizeLinear. */
function enlarged(data, side, size) {
  const columns = linearTable(side, size, true);
  const rows = new Map();
  const wideRow = (y) => {
    if (!rows.has(y)) {
      const row = new Int32Array(size * 3);
      columns.forEach(([left, right, before, after], x) => {
        for (let channel = 0; channel < 3; channel++) {
          const start = y * side * 3 + channel;
          row[x * 3 + channel] = data[start + left * 3] * before + data[start + right * 3] * after;
        }
      });
      rows.set(y, row);
    }
    return rows.get(y);
  };
  const result = new Uint8Array(size * size * 3);
  linearTable(side, size, false).forEach(([top, bottom, before, after], y) => {
    const upper = wideRow(top), lower = wideRow(bottom);
    for (let i = 0; i < upper.length; i++) {
      const sum = ((before * (upper[i] >> 4)) >> 16) + ((after * (lower[i] >> 4)) >> 16);
      result[y * size * 3 + i] = Math.min(255, (sum + 2) >> 2);
    }
  });
  return result;
}
