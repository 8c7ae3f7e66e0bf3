// Runs a model with LiteRT.js, whose `ModuleFactory` the script before this one defines.

/** Start the engine: resolves to its module. */
async function startedEngine(wasmBinary) {
  const quiet = {print: () => {}, printErr: () => {}}; // the engine logs every step that it takes
  const engine = await ModuleFactory({wasmBinary, ...quiet});
  engine.setupLogging();
  return engine;
}

/** A model that is ready to answer. */
class Runner {
  /**
   * @param engine The engine's module.
   * @param bytes The model file.
   * @param indices Further tensors to return: the embedding and maps.
   */
  static async open(engine, bytes, indices) {
    const runner = new Runner();
    const facts = modelFacts(bytes, indices);
    const data = indices.length ? withOutputs(bytes, indices) : bytes;
    const environment = engine.LiteRtEnvironment.create(null);
    const place = engine._malloc(data.length);
    engine.HEAPU8.set(data, place);
    const model = engine.loadModel(environment, place, data.length);
    runner.compiled = await engine.compileModel(environment, model, {
      environment, accelerator: 'wasm', cpuOptions: {numThreads: 1}, gpuOptions: {}, webNNOptions: {},
    });
    return Object.assign(runner, {engine, environment, facts, size: facts.input.shape[1]});
  }

  /** The bytes of the outputs for one picture: RGB bytes of `size` by `size` pixels. */
  async outputs(pixels) {
    const input = this.inputBuffer(inputBytes(pixels, this.facts.input.type, FACTS.floatInput));
    const outputs = await this.compiled.run(0, [input]);
    input.delete();
    return outputs.map((buffer) => {
      const place = buffer.lock(this.engine.LiteRtTensorBufferLockMode.READ);
      const bytes = this.engine.HEAPU8.slice(place, place + buffer.packedSize());
      buffer.unlock();
      buffer.delete();
      return bytes;
    });
  }

  /** A tensor of the engine with the input. */
  inputBuffer(bytes) {
    const {engine, facts} = this;
    const dimensions = new engine.VectorInt32();
    for (const length of facts.input.shape) dimensions.push_back(length);
    const layout = engine.LiteRtLayout.create(dimensions);
    const type = engine.LiteRtRankedTensorType.create({value: ENGINE_TYPES[facts.input.type]}, layout);
    const host = engine.LiteRtTensorBufferType.HOST_MEMORY;
    const buffer = engine.LiteRtTensorBuffer.createManaged(this.environment, host, type, bytes.length);
    for (const used of [type, layout, dimensions]) used.delete();
    const place = buffer.lock(engine.LiteRtTensorBufferLockMode.WRITE);
    engine.HEAPU8.set(bytes, place);
    buffer.unlock();
    return buffer;
  }
}
