// Pictures that somebody drops, chooses or pastes: decoded as the kiosk decodes files.

/** The RGB values of RGBA bytes. */
function withoutAlpha(rgba) {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return rgb;
}

/** The pixels of a square of a picture or of a video, RGBA. */
function squarePixels(source, left, top, side) {
  squarePixels.canvas ??= document.createElement('canvas');
  const canvas = squarePixels.canvas;
  if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.clearRect(0, 0, side, side);
  context.drawImage(source, left, top, side, side, 0, 0, side, side);
  return context.getImageData(0, 0, side, side).data;
}

/** Whether no pixel of RGBA bytes is transparent. */
function isOpaque(rgba) {
  for (let i = 3; i < rgba.length; i += 4) if (rgba[i] !== 255) return false;
  return true;
}

/** RGBA of a picture with transparent parts. A canvas multiplies colours by alpha; the kiosk ignores alpha. */
function unblendedPixels(source, left, top, side) {
  const gl = document.createElement('canvas').getContext('webgl', {premultipliedAlpha: false});
  if (!gl || Math.max(source.width, source.height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return null;
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, source);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, gl.getParameter(gl.TEXTURE_BINDING_2D), 0);
  if (gl.checkFramebufferStatus(gl.FRAMEBUFFER) !== gl.FRAMEBUFFER_COMPLETE) return null;
  const rgba = new Uint8Array(side * side * 4);
  gl.readPixels(left, top, side, side, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return rgba;
}

/** The model's input for a picture file: RGB bytes. Rejects if the browser cannot decode it. */
async function pictureInput(file, size) {
  const bitmap = await createImageBitmap(file, {
    imageOrientation: 'from-image', colorSpaceConversion: 'none', premultiplyAlpha: 'none',
  });
  const [left, top, side] = centreSquare(bitmap.width, bitmap.height, FACTS.cropShare);
  const rgba = squarePixels(bitmap, left, top, side);
  const isPlain = isOpaque(rgba) && !await isDeepPng(file);
  const png = isPlain ? null : await decodedPng(file);
  const rgb = png ? cut(png, left, top, side)
    : withoutAlpha(isPlain ? rgba : unblendedPixels(bitmap, left, top, side) || rgba);
  bitmap.close();
  return resizedSquare(rgb, side, size);
}

/** The RGB bytes of a square of a picture. */
function cut({width, data}, left, top, side) {
  const square = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    const from = ((top + y) * width + left) * 3;
    square.set(data.subarray(from, from + side * 3), y * side * 3);
  }
  return square;
}

/** The model's input for the current picture of a video: RGB bytes. */
function videoInput(video, size) {
  const [left, top, side] = centreSquare(video.videoWidth, video.videoHeight, FACTS.cropShare);
  return resizedSquare(withoutAlpha(squarePixels(video, left, top, side)), side, size);
}
