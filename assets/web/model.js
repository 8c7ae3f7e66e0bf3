// The model file: a TensorFlow Lite flatbuffer. The engine returns only outputs, so the embedding and maps are made some.
// Source of the field numbers: schema.fbs of TensorFlow Lite.

const MODEL_SUBGRAPHS = 2, MODEL_SIGNATURES = 7;
const GRAPH_TENSORS = 0, GRAPH_INPUTS = 1, GRAPH_OUTPUTS = 2;
const TENSOR_SHAPE = 0, TENSOR_TYPE = 1, TENSOR_QUANTIZATION = 4;
const QUANTIZATION_SCALE = 2, QUANTIZATION_ZERO = 3;
const FLOAT32 = 0, UINT8 = 3, INT8 = 9; // TensorType
const ENGINE_TYPES = {[FLOAT32]: 1, [UINT8]: 3, [INT8]: 9}; // the engine's numbers of the same types

/** Reads tables and vectors of a flatbuffer. */
class Flatbuffer {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.root = this.follow(0);
  }

  /** The place that an offset points to. */
  follow(place) {
    return place + this.view.getUint32(place, true);
  }

  /** The place of a field in a table; 0 if the table leaves it out. */
  field(table, number) {
    const shapes = table - this.view.getInt32(table, true);
    if (4 + 2 * number >= this.view.getUint16(shapes, true)) return 0;
    const offset = this.view.getUint16(shapes + 4 + 2 * number, true);
    return offset ? table + offset : 0;
  }

  /** The places of the elements of a vector field. */
  vector(table, number, width) {
    const field = this.field(table, number);
    if (!field) return [];
    const start = this.follow(field);
    return Array.from({length: this.view.getUint32(start, true)}, (_, i) => start + 4 + width * i);
  }

  /** The numbers of a vector field of 32-bit integers. */
  integers(table, number) {
    return this.vector(table, number, 4).map((place) => this.view.getInt32(place, true));
  }
}

/** What the page must know of a model: {shape, type, scale, zero} of its input, its output and of further tensors. */
function modelFacts(bytes, indices) {
  const file = new Flatbuffer(bytes);
  const graph = file.follow(file.vector(file.root, MODEL_SUBGRAPHS, 4)[0]);
  const tensors = file.vector(graph, GRAPH_TENSORS, 4).map((place) => file.follow(place));
  const described = (index) => {
    const table = tensors[index];
    const type = file.field(table, TENSOR_TYPE), quantization = file.field(table, TENSOR_QUANTIZATION);
    const numbers = quantization ? file.follow(quantization) : 0;
    const scales = numbers ? file.vector(numbers, QUANTIZATION_SCALE, 4) : [];
    const zeros = numbers ? file.vector(numbers, QUANTIZATION_ZERO, 8) : [];
    return {
      shape: file.integers(table, TENSOR_SHAPE),
      type: type ? file.view.getInt8(type) : FLOAT32,
      scale: scales.length ? file.view.getFloat32(scales[0], true) : 1,
      zero: zeros.length ? Number(file.view.getBigInt64(zeros[0], true)) : 0,
    };
  };
  return {
    input: described(file.integers(graph, GRAPH_INPUTS)[0]),
    output: described(file.integers(graph, GRAPH_OUTPUTS)[0]),
    further: indices.map(described),
  };
}

/**
 * A copy of a model that also returns other tensors, by their indices: its explaining form.
 *
 * Offsets point forwards, so a longer list of outputs goes to the end of the file. The named signatures list outputs,
 * too; the copy gets a table of fields without them, and the engine makes a signature of the outputs itself.
 * learning/explanation.py does the same.
 */
function withOutputs(bytes, indices) {
  const before = new Flatbuffer(bytes);
  const graph = before.follow(before.vector(before.root, MODEL_SUBGRAPHS, 4)[0]);
  const outputs = [...before.integers(graph, GRAPH_OUTPUTS), ...indices];
  const fields = before.root - before.view.getInt32(before.root, true);
  const fieldsBytes = before.view.getUint16(fields, true);
  const list = Math.ceil(bytes.length / 8) * 8;
  const table = list + 4 + 4 * outputs.length;
  const copy = new Uint8Array(Math.ceil((table + fieldsBytes) / 8) * 8);
  copy.set(bytes);
  copy.copyWithin(table, fields, fields + fieldsBytes);
  const view = new DataView(copy.buffer);
  view.setUint32(list, outputs.length, true);
  outputs.forEach((index, i) => view.setInt32(list + 4 + 4 * i, index, true));
  const outputsField = before.field(graph, GRAPH_OUTPUTS);
  view.setUint32(outputsField, list - outputsField, true);
  if (4 + 2 * MODEL_SIGNATURES < fieldsBytes) view.setUint16(table + 4 + 2 * MODEL_SIGNATURES, 0, true);
  view.setInt32(before.root, before.root - table, true);
  return copy;
}

/** The bytes that a model takes for RGB bytes; `floats` says how pixels become numbers if its input is float32. */
function inputBytes(pixels, type, floats) {
  if (type === UINT8) return pixels;
  if (type === INT8) return pixels.map((value) => value ^ 0x80);
  const mean = Float32Array.from(floats.mean), std = Float32Array.from(floats.std);
  const start = mean.map((value, channel) => value / std[channel]);
  return new Uint8Array(Float32Array.from(pixels, (value, i) => Math.fround(value / std[i % 3]) - start[i % 3]).buffer);
}

/** The real numbers that the bytes of a tensor stand for. */
function dequantized(bytes, {type, scale, zero}) {
  const buffer = bytes.slice().buffer;
  if (type === FLOAT32) return new Float32Array(buffer);
  const values = type === INT8 ? new Int8Array(buffer) : new Uint8Array(buffer);
  return Float32Array.from(values, (value) => Math.fround(scale) * (value - zero));
}
