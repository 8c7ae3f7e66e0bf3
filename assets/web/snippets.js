// Code for makers: short programs that run the model file as they are shown.

/** [title, code] of each snippet for a model with these facts. */
function snippets({input, output}, size) {
  const labels = JSON.stringify(FACTS.labels);
  return [
    ['Python', pythonSnippet(input, labels)],
    ['JavaScript', scriptSnippet(input, output, labels, size)],
    ['Android (Kotlin)', kotlinSnippet(input, output, size)],
  ];
}

function pythonSnippet(input, labels) {
  const {mean, std} = FACTS.floatInput;
  const values = {
    [UINT8]: 'np.asarray(picture, np.uint8)',
    [INT8]: '(np.asarray(picture, np.int16) - 128).astype(np.int8)',
    [FLOAT32]: `np.float32((np.asarray(picture) - ${JSON.stringify(mean)}) / ${JSON.stringify(std)})`,
  }[input.type];
  return `# pip install ai-edge-litert numpy pillow
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageOps

LABELS = ${labels}
model = Interpreter("model.tflite")
model.allocate_tensors()
entry, output = model.get_input_details()[0], model.get_output_details()[0]
size = int(entry["shape"][1])
picture = ImageOps.exif_transpose(Image.open("picture.jpg")).convert("RGB")
picture = ImageOps.fit(picture, (size, size), Image.Resampling.BOX)  # the centre square
model.set_tensor(entry["index"], ${values}[np.newaxis])
model.invoke()
probabilities = model.get_tensor(output["index"])[0].astype(np.float32)
if output["dtype"] != np.float32:
    scale, zero = output["quantization"]
    probabilities = scale * (probabilities - zero)
for label, probability in zip(LABELS, probabilities):
    print(f"{label}: {probability:.1%}")
`;
}

function scriptSnippet(input, output, labels, size) {
  const {mean, std} = FACTS.floatInput;
  const pixel = 'rgba[4 * Math.floor(i / 3) + (i % 3)]';
  const value = {
    [FLOAT32]: `(${pixel} - ${JSON.stringify(mean)}[i % 3]) / ${JSON.stringify(std)}[i % 3]`,
    [UINT8]: pixel,
    [INT8]: `${pixel} - 128`,
  }[input.type];
  const real = output.type === FLOAT32 ? 'value' : `${output.scale} * (value - ${output.zero})`;
  const isPlain = input.type !== INT8 && output.type !== INT8;
  const names = isPlain ? 'loadLiteRt, loadAndCompile, Tensor' : 'loadLiteRt';
  return `\x3c!-- npm install ${FACTS.engine}, put model.tflite and picture.jpg beside this page, and serve the folder -->
<!doctype html>
\x3cscript type="importmap">
{"imports": {"@litertjs/core": "./node_modules/@litertjs/core/dist/index.js",
             "@litertjs/wasm-utils": "./node_modules/@litertjs/wasm-utils/dist/index.js"}}
\x3c/script>
<pre id="answer"></pre>
\x3cscript type="module">
import {${names}} from '@litertjs/core';

const labels = ${labels.replaceAll('<', '\\u003c')};
const size = ${size};
const picture = await createImageBitmap(await (await fetch('picture.jpg')).blob());
const side = Math.min(picture.width, picture.height);  // the centre square
const canvas = new OffscreenCanvas(size, size).getContext('2d');
canvas.imageSmoothingQuality = 'high';
canvas.drawImage(picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, size, size);
const rgba = canvas.getImageData(0, 0, size, size).data;
const input = ${ARRAYS[input.type]}.from({length: size * size * 3}, (_, i) => ${value});
${isPlain ? PLAIN_RUN : bytesRun(input, output)}
const probabilities = Array.from(output, (value) => ${real});
document.getElementById('answer').textContent = labels.map((label, i) => label + ': ' + probabilities[i].toFixed(3)).join('\\n');
\x3c/script>
`;
}

const ARRAYS = {[FLOAT32]: 'Float32Array', [UINT8]: 'Uint8Array', [INT8]: 'Int8Array'};

const PLAIN_RUN = `await loadLiteRt('./node_modules/@litertjs/core/wasm/');
const model = await loadAndCompile('model.tflite', {accelerator: 'wasm'});
const [tensor] = await model.run(new Tensor(input, [1, size, size, 3]));
const output = await tensor.data();`;

/** The tensors of LiteRT.js cannot have the type int8, so this code writes and reads their bytes. */
function bytesRun(input, output) {
  return `// The class Tensor of LiteRT.js has no type int8, so this writes and reads the bytes of the tensors.
const {liteRtWasm: engine} = await loadLiteRt('./node_modules/@litertjs/core/wasm/');
const environment = engine.LiteRtEnvironment.create(null);
const file = new Uint8Array(await (await fetch('model.tflite')).arrayBuffer());
const place = engine._malloc(file.length);
engine.HEAPU8.set(file, place);
const model = await engine.compileModel(environment, engine.loadModel(environment, place, file.length), {
  environment, accelerator: 'wasm', cpuOptions: {numThreads: 1}, gpuOptions: {}, webNNOptions: {},
});
const shape = new engine.VectorInt32();
for (const length of [1, size, size, 3]) shape.push_back(length);
const type = engine.LiteRtRankedTensorType.create({value: ${ENGINE_TYPES[input.type]}}, engine.LiteRtLayout.create(shape));
const entry = engine.LiteRtTensorBuffer.createManaged(
  environment, engine.LiteRtTensorBufferType.HOST_MEMORY, type, input.byteLength);
engine.HEAPU8.set(new Uint8Array(input.buffer), entry.lock(engine.LiteRtTensorBufferLockMode.WRITE));
entry.unlock();
const [tensor] = await model.run(0, [entry]);
const start = tensor.lock(engine.LiteRtTensorBufferLockMode.READ);
const output = new ${ARRAYS[output.type]}(engine.HEAPU8.slice(start, start + tensor.packedSize()).buffer);
tensor.unlock();`;
}

function kotlinSnippet(input, output, size) {
  const width = input.type === FLOAT32 ? 4 : 1;
  const {mean, std} = FACTS.floatInput;
  const put = (shift, i) => {
    const channel = `(pixel shr ${shift} and 0xff)`;
    if (input.type === FLOAT32) return `putFloat((${channel} - ${mean[i]}f) / ${std[i]}f)`;
    return input.type === INT8 ? `put((${channel} - 128).toByte())` : `put(${channel}.toByte())`;
  };
  const real = {
    [FLOAT32]: 'output.float',
    [UINT8]: `${output.scale}f * ((output.get().toInt() and 0xff) - ${output.zero})`,
    [INT8]: `${output.scale}f * (output.get() - ${output.zero})`,
  }[output.type];
  const labels = FACTS.labels.map((label) => JSON.stringify(label).replaceAll('$', '\\$')).join(', ');
  return `// build.gradle.kts: implementation("com.google.ai.edge.litert:litert:1.4.0"); src/main/assets: model.tflite
import android.content.Context
import android.graphics.Bitmap
import android.media.ThumbnailUtils
import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.tensorflow.lite.Interpreter

val LABELS = listOf(${labels})

fun classify(context: Context, picture: Bitmap): Map<String, Float> {
    val file = context.assets.open("model.tflite").readBytes()
    val model = Interpreter(ByteBuffer.allocateDirect(file.size).order(ByteOrder.nativeOrder()).put(file).apply { rewind() })
    val square = ThumbnailUtils.extractThumbnail(picture, ${size}, ${size})  // the centre square
    val pixels = IntArray(${size} * ${size}).also { square.getPixels(it, 0, ${size}, 0, 0, ${size}, ${size}) }
    val input = ByteBuffer.allocateDirect(${size} * ${size} * 3 * ${width}).order(ByteOrder.nativeOrder())
    for (pixel in pixels) input.${put(16, 0)}.${put(8, 1)}.${put(0, 2)}
    val output = ByteBuffer.allocateDirect(LABELS.size * ${output.type === FLOAT32 ? 4 : 1}).order(ByteOrder.nativeOrder())
    model.run(input.rewind(), output)
    model.close()
    output.rewind()
    return LABELS.associateWith { ${real} }
}
`;
}
