// The test behind "not sure", as in classify.py: how different an embedding is from everything taught.

/** The arrays of the test: {name: {shape, values}}; null if there is none. Large ones are in the model's bytes. */
function noveltyTest(packed, model) {
  if (!packed) return null;
  const test = {};
  for (const [name, {shape, half, place, data}] of Object.entries(packed)) {
    const count = shape.reduce((product, size) => product * size, 1);
    const bytes = data === undefined ? model.slice(place, place + count * (half ? 2 : 4)) : decoded(data);
    test[name] = {shape, values: half ? halves(bytes) : new Float32Array(bytes.buffer)};
  }
  return test;
}

/** The product of a matrix and a vector. */
function product(matrix, vector) {
  const [rows, columns] = matrix.shape;
  return Float64Array.from({length: rows}, (_, row) => {
    let sum = 0;
    for (let column = 0; column < columns; column++) sum += matrix.values[row * columns + column] * vector[column];
    return sum;
  });
}

/** The sum of squares. */
function squared(vector) {
  return vector.reduce((sum, value) => sum + value * value, 0);
}

/** How different a picture is from all that were taught; above 1 the answer is "not sure". */
function novelty(test, embedding) {
  const number = (name) => test[name].values[0];
  const offset = Float64Array.from(embedding, (value, i) => {
    const rooted = number('roots') ? Math.sign(value) * Math.sqrt(Math.abs(value)) : value;
    return rooted - test.centre.values[i];
  });
  const projected = product(test.axes, offset);
  const outside = squared(offset) - squared(product(test.directions, offset));
  const residual = Math.max(0, outside / number('shrink') - squared(projected));
  const [classes, axes] = test.means.shape;
  let nearest = Infinity;
  for (let label = 0; label < classes; label++) {
    const difference = projected.map((value, axis) => value - test.means.values[label * axes + axis]);
    nearest = Math.min(nearest, distance(test, label, difference));
  }
  return nearest + number('aside') * residual;
}

/** The distance to the mean of a class: models of version 1 have a matrix for each class, later ones one number. */
function distance(test, label, difference) {
  if (!test.precisions) return test.precision.values[0] * squared(difference);
  const axes = difference.length;
  const values = test.precisions.values.subarray(label * axes * axes, (label + 1) * axes * axes);
  const weighted = product({shape: [axes, axes], values}, difference);
  return difference.reduce((sum, value, i) => sum + value * weighted[i], 0);
}
