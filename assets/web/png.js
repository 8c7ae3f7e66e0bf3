// PNG files with transparency or 16 bits. Browsers multiply colours by alpha, which loses some of them, and round
// 16 bits in their own ways; the kiosk ignores alpha and the lower 8 bits.
// Source: the PNG specification, sections 5 (chunks), 7 (samples), 8 (interlacing), 9 (filters) and 11.2 (IHDR).

const PNG_START = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const PNG_DEPTH_AT = 24; // in the file
const PNG_PALETTE = 3, PNG_CHANNELS = {0: 1, 2: 3, [PNG_PALETTE]: 1, 4: 2, 6: 4}; // by colour type
const WHOLE = [[0, 0, 1, 1]]; // one pass over all pixels: first column, first row, and the steps to the next ones
const INTERLACED = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/** Whether a file is a PNG with 16 bits for each value. */
async function isDeepPng(file) {
  const start = new Uint8Array(await file.slice(0, PNG_DEPTH_AT + 1).arrayBuffer());
  return PNG_START.every((value, i) => start[i] === value) && start[PNG_DEPTH_AT] === 16;
}

/** The pixels of a PNG file, {width, height, data}; null if it is another file, or one that EXIF turns. */
async function decodedPng(file) {
  const chunks = pngChunks(new Uint8Array(await file.arrayBuffer()));
  if (!chunks?.IHDR || chunks.eXIf) return null;
  const header = chunks.IHDR[0], view = new DataView(header.buffer, header.byteOffset, header.length);
  const width = view.getUint32(0), height = view.getUint32(4);
  const [depth, colour, , , interlace] = header.subarray(8);
  const channels = PNG_CHANNELS[colour], palette = colour === PNG_PALETTE ? chunks.PLTE[0] : null;
  const stream = new Blob(chunks.IDAT).stream().pipeThrough(new DecompressionStream('deflate'));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const data = new Uint8Array(width * height * 3);
  let place = 0;
  for (const [left, top, across, down] of interlace ? INTERLACED : WHOLE) {
    const columns = Math.ceil((width - left) / across), rows = Math.ceil((height - top) / down);
    if (columns <= 0 || rows <= 0) continue;
    const rowBytes = Math.ceil((columns * channels * depth) / 8);
    const lines = unfiltered(packed.subarray(place), rowBytes, rows, Math.max(1, (channels * depth) >> 3));
    place += rows * (rowBytes + 1);
    for (let y = 0; y < rows; y++) {
      const line = lines.subarray(y * rowBytes, (y + 1) * rowBytes);
      for (let x = 0; x < columns; x++) {
        const to = ((top + y * down) * width + left + x * across) * 3;
        for (let channel = 0; channel < 3; channel++) {
          const number = x * channels + (channels < 3 ? 0 : channel);
          data[to + channel] = palette ? palette[sample(line, number, depth) * 3 + channel]
            : depth < 8 ? sample(line, number, depth) * (255 / ((1 << depth) - 1)) : sample(line, number, depth);
        }
      }
    }
  }
  return {width, height, data};
}

/** A value of a row: of 16 bits the upper 8. */
function sample(line, number, depth) {
  if (depth >= 8) return line[number * (depth >> 3)];
  const bit = number * depth;
  return (line[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

/** The chunks of a PNG file by name; null if it is another file. */
function pngChunks(bytes) {
  if (PNG_START.some((value, i) => bytes[i] !== value)) return null;
  const view = new DataView(bytes.buffer), chunks = {};
  for (let place = PNG_START.length; place + 12 <= bytes.length;) {
    const length = view.getUint32(place), name = String.fromCharCode(...bytes.subarray(place + 4, place + 8));
    (chunks[name] ??= []).push(bytes.subarray(place + 8, place + 8 + length));
    place += 12 + length;
  }
  return chunks;
}

/** Undo the filters of the rows, in which bytes are differences to their neighbours. */
function unfiltered(data, rowBytes, height, pixelBytes) {
  const rows = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (rowBytes + 1)], start = y * rowBytes;
    for (let x = 0; x < rowBytes; x++) {
      const left = x >= pixelBytes ? rows[start + x - pixelBytes] : 0;
      const above = y ? rows[start + x - rowBytes] : 0;
      const corner = y && x >= pixelBytes ? rows[start + x - rowBytes - pixelBytes] : 0;
      const predicted = filter === 0 ? 0 : filter === 1 ? left : filter === 2 ? above
        : filter === 3 ? (left + above) >> 1 : paeth(left, above, corner);
      rows[start + x] = data[y * (rowBytes + 1) + 1 + x] + predicted;
    }
  }
  return rows;
}

/** The neighbour that is nearest to left + above − corner. */
function paeth(left, above, corner) {
  const toLeft = Math.abs(above - corner), toAbove = Math.abs(left - corner), toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
