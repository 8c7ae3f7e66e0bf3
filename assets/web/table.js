// The table of answered pictures, and the file that it can be saved as.

/** Answers the pictures that somebody gives the page. */
class Pictures {
  constructor(classifier) {
    this.classifier = classifier;
    this.rows = [];
    this.added = Promise.resolve();
    const input = document.querySelector('[data-testid=pictures]'), drop = byId('drop');
    input.addEventListener('change', () => {
      this.add([...input.files]);
      input.value = ''; // so that the same files can be chosen again
    });
    for (const kind of ['dragenter', 'dragover']) {
      document.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add('over'); });
    }
    document.addEventListener('dragleave', (event) => { if (!event.relatedTarget) drop.classList.remove('over'); });
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      drop.classList.remove('over');
      this.add([...event.dataTransfer.files]);
    });
    document.addEventListener('paste', (event) => this.add([...event.clipboardData.files]));
    byId('save-table').addEventListener('click', () => saveAs('answers.csv', this.csv(), 'text/csv'));
    byId('clear').addEventListener('click', () => this.clear());
    byId('why').addEventListener('change', () => {
      this.added = this.added.then(() => this.explain()).catch(showFailure);
    });
  }

  /** Answer files, after those that were given before. */
  add(files) {
    if (files.length) this.added = this.added.then(() => this.addAll(files)).catch(showFailure);
  }

  async addAll(files) {
    byId('unreadable').hidden = true;
    byId('unreadable').replaceChildren();
    for (const [number, file] of files.entries()) {
      byId('results').hidden = false;
      byId('progress').textContent = `${number + 1} / ${files.length}`;
      await this.addOne(file);
    }
    if (files.length === 1 && this.rows.at(-1)?.file === files[0]) {
      byId('progress').textContent = `${files[0].name}: ${this.named(this.rows.at(-1))}`; // for screen readers
    }
    byId('results').hidden = !this.rows.length;
  }

  async addOne(file) {
    let pixels;
    try {
      pixels = await pictureInput(file, this.classifier.runner.size);
    } catch {
      const line = element('li');
      say(line, 'unreadable', {name: file.name});
      byId('unreadable').append(line);
      byId('unreadable').hidden = false;
      return;
    }
    const started = performance.now();
    const answer = await this.classifier.answer(pixels, this.classifier.why || showsWhy());
    const row = {
      file, pixels, ...answer, ...this.classifier.judged(answer), milliseconds: performance.now() - started,
    };
    this.rows.push(row);
    byId('answers').append(this.element(row));
  }

  /** Explain the answers that were given while nobody asked why. */
  async explain() {
    for (const [number, row] of this.rows.entries()) {
      if (!showsWhy() || row.why) continue;
      row.why = (await this.classifier.answer(row.pixels, true)).why;
      if (this.rows[number] === row) byId('answers').children[number].replaceWith(this.element(row));
    }
  }

  /** The row of a picture. Its attributes are a contract with tools: data-name, data-label, data-known, ... */
  element({file: {name}, pixels, probabilities, novelty: unlikeness, best, known, milliseconds, why}) {
    const label = FACTS.labels[best];
    const answer = known
      ? [shapeOf(best), element('span', {text: label, class: 'best'})]
      : [element('span', {}, element('span', {text: text('not_sure'), 'data-text': 'not_sure', class: 'best'}), element('br'),
        element('span', {text: `(${label})`, class: 'guess'}))];
    return element(
      'tr',
      {
        'data-testid': 'answer', 'data-name': name, 'data-label': label, 'data-known': String(known),
        'data-probabilities': JSON.stringify(Object.fromEntries(FACTS.labels.map((one, i) => [one, probabilities[i]]))),
        'data-novelty': String(unlikeness), 'data-ms': String(milliseconds),
        ...(why && {'data-why': JSON.stringify(whyFacts(why))}),
      },
      element('td', {}, element('div', {class: 'cell'}, thumbnail(pixels, why), element('span', {text: name, class: 'name'}))),
      element('td', {}, element('div', {class: 'cell'}, ...answer)),
      ...Array.from(probabilities, (share, i) =>
        element('td', {text: percent(share), class: known && i === best ? 'number best' : 'number'})),
    );
  }

  head() {
    byId('columns').replaceChildren(
      element('th', {text: text('picture'), scope: 'col'}), element('th', {text: text('answer'), scope: 'col'}),
      ...FACTS.labels.map((label) => element('th', {text: label, scope: 'col', class: 'number'})),
    );
  }

  clear() {
    this.rows = [];
    byId('answers').replaceChildren();
    byId('results').hidden = true;
    document.querySelector('[data-testid=pictures]').focus();
  }

  /** The answer in words. */
  named({best, known}) {
    return known ? FACTS.labels[best] : text('not_sure');
  }

  csv() {
    const head = [text('picture'), text('answer'), ...FACTS.labels];
    const rows = this.rows.map((row) =>
      [row.file.name, this.named(row), ...Array.from(row.probabilities, (share) => share.toFixed(4))]);
    return '\ufeff' + [head, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n') + '\r\n';
  }
}

/** A cell of a CSV file. Spreadsheets run cells that begin like a formula, so those get an apostrophe. */
function csvCell(value) {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** An explanation as `classify --why` writes it. */
function whyFacts({cells, rows, cols, winner, other, exact}) {
  return {
    rows, cols, winner: FACTS.labels[winner], runner_up: FACTS.labels[other], way: exact ? 'exact' : 'occlusion',
    cells: Array.from({length: rows}, (_, row) => Array.from(cells.slice(row * cols, (row + 1) * cols))),
  };
}

/** What the model saw, as a small picture, and over it the light on what speaks for the answer. */
function thumbnail(pixels, why) {
  const size = Math.sqrt(pixels.length / 3);
  const canvas = element('canvas', {width: size, height: size, 'aria-hidden': 'true'});
  const image = new ImageData(size, size);
  for (let from = 0, to = 0; from < pixels.length; from += 3, to += 4) {
    image.data.set([pixels[from], pixels[from + 1], pixels[from + 2], 255], to);
  }
  canvas.getContext('2d').putImageData(image, 0, 0);
  const light = element('canvas', {class: 'light', 'aria-hidden': 'true'});
  if (why) drawLight(light, why);
  return element('span', {class: 'thumbnail'}, canvas, ...(why ? [light] : []));
}
