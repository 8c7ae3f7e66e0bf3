// From pixels to an answer.

const CLEAR_LEAD = 0.2; // of a near miss, as app/views/verdict.py has it

/** The model with its labels and its test for "not sure". */
class Classifier {
  /**
   * @param runner The model, which returns the tensors `indices` after its probabilities.
   * @param test The test for "not sure", or null.
   * @param why What its maps mean, or null.
   */
  constructor(runner, indices, test, why) {
    Object.assign(this, {runner, indices, test, why});
    this.threshold = test ? test.threshold.values[0] : FACTS.threshold;
    this.last = Promise.resolve();
  }

  /**
   * The answer for the model's input. One picture at a time: the camera and files take turns.
   * With `explained`, it has a `why`: {cells, rows, cols, winner, other, exact}.
   */
  answer(pixels, explained) {
    const answer = this.last.then(() => this.computed(pixels, explained));
    this.last = answer.catch(() => {});
    return answer;
  }

  async computed(pixels, explained) {
    const {facts} = this.runner;
    const [output, ...further] = await this.runner.outputs(pixels);
    const probabilities = dequantized(output, facts.output);
    const tensors = new Map();
    const real = (index) => {
      const place = this.indices.indexOf(index);
      if (!tensors.has(index)) tensors.set(index, dequantized(further[place], facts.further[place]));
      return tensors.get(index);
    };
    const answer = {
      probabilities,
      novelty: this.test ? novelty(this.test, real(this.test.embedding_tensor.values[0])) : 0,
    };
    if (!explained) return answer;
    if (!this.why) return {...answer, why: await this.covered(pixels, probabilities)};
    const scores = logitsOf(this.why, real(this.why.tensors[0]));
    const [winner, other] = firstAndSecond(probabilities, scores);
    this.why.maps.forEach((map) => real(map.tensor));
    const {rows, cols} = this.why;
    return {...answer, why: {cells: evidence(this.why, tensors, winner, other), rows, cols, winner, other, exact: true}};
  }

  /** An explanation by covering one part after another: how much the winner's lead falls. */
  async covered(pixels, probabilities) {
    const logarithms = (shares) => Array.from(shares, (share) => Math.log(Math.max(share, SMALLEST_PROBABILITY)));
    const [winner, other] = firstAndSecond(probabilities, probabilities);
    const lead = (shares) => logarithms(shares)[winner] - logarithms(shares)[other];
    const cells = new Float64Array(COVERED_CELLS ** 2);
    for (let cell = 0; cell < cells.length; cell++) {
      const input = coveredInput(pixels, this.runner.size, Math.floor(cell / COVERED_CELLS), cell % COVERED_CELLS);
      const [output] = await this.runner.outputs(input);
      cells[cell] = lead(probabilities) - lead(dequantized(output, this.runner.facts.output));
    }
    return {cells, rows: COVERED_CELLS, cols: COVERED_CELLS, winner, other, exact: false};
  }

  /** The class with the highest probability, whether it can be named, and whether that is nearly so. */
  judged({probabilities, novelty: unlikeness}) {
    const [first, second] = Array.from(probabilities).sort((a, b) => b - a);
    const best = probabilities.indexOf(first);
    const known = first >= this.threshold && unlikeness <= 1;
    const isNear = first >= this.threshold * FACTS.nearShare && unlikeness <= FACTS.nearNovelty;
    return {best, known, nearMiss: !known && isNear && first - second >= CLEAR_LEAD};
  }
}
