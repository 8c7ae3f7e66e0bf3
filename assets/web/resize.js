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

/** Resize a square picture: halve it while it has at least twice the edge, then interpolate. Returns the RGB bytes. */
function resizedSquare(data, side, size) {
  while (side >= 2 * size) {
    data = halved(data, side);
    side = Math.floor(side / 2);
  }
  return side === size ? data : interpolated(data, side, size);
}

/** Means of 2 by 2 pixels, rounded up from a half. Of an odd edge, the last pixel is left out. */
function halved(data, side) {
  const half = Math.floor(side / 2), stride = side * 3;
  const result = new Uint8Array(half * half * 3);
  let to = 0;
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      let from = 2 * y * stride + 6 * x;
      for (let channel = 0; channel < 3; channel++, from++) {
        const sum = data[from] + data[from + 3] + data[from + stride] + data[from + stride + 3];
        result[to++] = (sum + 2) >> 2;
      }
    }
  }
  return result;
}

/** For each new pixel of a row or a column: both neighbours and their shares in 1/256. */
function neighbours(side, size) {
  const scale = 1 / (size / side);  // as OpenCV divides: this decides ties
  return Array.from({length: size}, (_, to) => {
    const place = (to + 0.5) * scale - 0.5, first = Math.floor(place);
    const part = roundHalfEven(256 * (place - first));
    return [Math.max(first, 0), Math.min(first + 1, side - 1), 256 - part, part];
  });
}

/** Interpolate linearly in whole numbers. Source: OpenCV, INTER_LINEAR_EXACT. */
function interpolated(data, side, size) {
  const table = neighbours(side, size);
  const rows = new Map();
  const wideRow = (y) => {
    if (!rows.has(y)) {
      const row = new Int32Array(size * 3);
      table.forEach(([left, right, before, after], x) => {
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
  table.forEach(([top, bottom, before, after], y) => {
    const upper = wideRow(top), lower = wideRow(bottom);
    for (let i = 0; i < upper.length; i++) {
      result[y * size * 3 + i] = (before * upper[i] + after * lower[i] + 32768) >> 16;
    }
  });
  return result;
}
