// From pixels to an answer.

const CLEAR_LEAD = 0.2; // of a near miss, as app/views/verdict.py has it

/** The model with its labels and its test for "not sure". */
class Classifier {
  constructor(runner, test) {
    this.runner = runner;
    this.test = test;
    this.threshold = test ? test.threshold.values[0] : FACTS.threshold;
    this.last = Promise.resolve();
  }

  /** The answer for the model's input. One picture at a time: the camera and files take turns. */
  answer(pixels) {
    const answer = this.last.then(() => this.computed(pixels));
    this.last = answer.catch(() => {});
    return answer;
  }

  async computed(pixels) {
    const {facts} = this.runner;
    const [output, embedding] = await this.runner.outputs(pixels);
    const probabilities = dequantized(output, facts.output);
    return {
      probabilities,
      novelty: this.test ? novelty(this.test, dequantized(embedding, facts.embedding)) : 0,
    };
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
