// PNG files with transparency. Browsers multiply colours by alpha and lose some of them; the kiosk ignores alpha.
// Source: the PNG specification, sections 5 (chunks), 9 (filters) and 11.2 (IHDR).

const PNG_START = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const PALETTE = 3, GREY_ALPHA = 4, RGB_ALPHA = 6, PNG_CHANNELS = {[PALETTE]: 1, [GREY_ALPHA]: 2, [RGB_ALPHA]: 4};

/** The RGB bytes of a square of a PNG file; null if it is another file, or a kind of PNG that is rare. */
async function pngSquare(file, left, top, side) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const chunks = pngChunks(bytes);
  if (!chunks || chunks.eXIf || !chunks.IHDR) return null;
  const header = chunks.IHDR[0], view = new DataView(header.buffer, header.byteOffset, header.length);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour, , , interlace] = header.subarray(8);
  const channels = PNG_CHANNELS[colour];
  if (depth !== 8 || interlace || !channels) return null;
  const stream = new Blob(chunks.IDAT).stream().pipeThrough(new DecompressionStream('deflate'));
  const rows = unfiltered(new Uint8Array(await new Response(stream).arrayBuffer()), width * channels, height, channels);
  const palette = colour === PALETTE ? chunks.PLTE[0] : null;
  const square = new Uint8Array(side * side * 3);
  for (let y = 0, to = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = ((top + y) * width + left + x) * channels;
      for (let channel = 0; channel < 3; channel++) {
        square[to++] = palette ? palette[rows[from] * 3 + channel] : rows[from + (colour === RGB_ALPHA ? channel : 0)];
      }
    }
  }
  return square;
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
function unfiltered(data, rowBytes, height, channels) {
  const rows = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (rowBytes + 1)], start = y * rowBytes;
    for (let x = 0; x < rowBytes; x++) {
      const left = x >= channels ? rows[start + x - channels] : 0;
      const above = y ? rows[start + x - rowBytes] : 0;
      const corner = y && x >= channels ? rows[start + x - rowBytes - channels] : 0;
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
