// From pixels to an answer.

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

  /** The class with the highest probability, and whether it can be named. */
  judged({probabilities, novelty: unlikeness}) {
    const best = probabilities.indexOf(Math.max(...probabilities));
    return {best, known: probabilities[best] >= this.threshold && unlikeness <= 1};
  }
}
