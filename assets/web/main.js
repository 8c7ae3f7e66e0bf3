// Starts the page: texts and colours first, then the engine and the model.

const LONG_TITLE = 70; // characters; longer ones are set smaller, so that the camera stays on the first screen
const PALETTE_NAMES = ['paper', 'night', 'contrast', 'distinct'];
let makersFacts = null; // known when the model is open
let modelBytes = null;
let pictureTable = null;

/** Show all texts in the chosen language. */
function showTexts() {
  document.documentElement.lang = language;
  document.title = FACTS.labels.join(', ');
  for (const one of document.querySelectorAll('[data-text]')) {
    say(one, one.dataset.text, JSON.parse(one.dataset.values || '{}'));
  }
  byId('title').textContent = listed(FACTS.labels);
  byId('title').classList.toggle('long', byId('title').textContent.length > LONG_TITLE);
  byId('camera-button').textContent = text('start_camera');
  const tested = FACTS.accuracy !== null && FACTS.accuracyFrom !== null;
  const quality = !tested ? 'untested' : FACTS.accuracyFrom === 'views' ? 'accuracy_views' : 'accuracy';
  byId('quality').textContent = text(quality, {share: percent(FACTS.accuracy)});
  byId('accuracy').textContent = quality === 'accuracy' ? text('accuracy_long', {share: percent(FACTS.accuracy)}) : '';
  byId('model-choice-text').textContent = text('model_beside', {file: FACTS.modelFile});
  const date = new Intl.DateTimeFormat(language, {dateStyle: 'long'}).format(new Date(`${FACTS.date}T12:00:00`));
  byId('origin').textContent = text('origin', {date, extractor: FACTS.extractor});
  byId('report').textContent = text('report', {file: FACTS.report});
  byId('table').setAttribute('aria-label', text('answer'));
  byId('classes').replaceChildren(...FACTS.labels.map(classCard));
  delete byId('verdict').dataset.shown;
  showAnswer(null);
  pictureTable?.head();
  showMakers();
}

/** What was taught of one class. */
function classCard(label, i) {
  const correct = FACTS.classAccuracy[i];
  const details = [text('taught', {count: FACTS.shots[i]})];
  if (correct !== null && FACTS.accuracyFrom !== null) details.push(text('correct', {share: percent(correct)}));
  const photos = CLASS_PICTURES[i].map((data) => element('img', {src: `data:image/jpeg;base64,${data}`, alt: ''}));
  return element(
    'li', {}, shapeOf(i), element('b', {text: label}), element('small', {text: details.join(' · ')}),
    ...(photos.length ? [element('div', {class: 'photos'}, ...photos)] : []),
  );
}

/** The section for makers, once the model is open. */
function showMakers() {
  if (!makersFacts) return;
  const {size} = makersFacts;
  byId('makers-text').textContent = text('makers_text', {size});
  byId('snippets').replaceChildren(...snippets(makersFacts, size).map(([title, code]) => {
    const copy = element('button', {text: text('copy'), class: 'button', type: 'button'});
    const shown = element('pre', {text: code, tabindex: '0', 'data-testid': 'snippet', 'data-name': title});
    copy.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(code);
        copy.textContent = text('copied');
        setTimeout(() => { copy.textContent = text('copy'); }, 2000);
      } catch { // the browser keeps its clipboard from pages: select the code for the keys that copy
        getSelection().selectAllChildren(shown);
      }
    });
    return element('details', {class: 'snippet'}, element('summary', {text: title}), shown, copy);
  }));
}

/** Use a palette of the kiosk; "automatic" follows the browser's light or dark mode. */
function useColours(choice) {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const name = choice === 'automatic' ? (dark ? 'night' : 'paper') : choice;
  const palette = FACTS.palettes[name], style = document.documentElement.style;
  for (const key of ['background', 'panel', 'raised', 'line', 'text', 'quiet', 'accent', 'warning']) {
    style.setProperty(`--${key}`, palette[key]);
  }
  FACTS.labels.forEach((_, i) => style.setProperty(`--class-${i}`, palette.classes[i % palette.classes.length]));
  style.colorScheme = name === 'night' || name === 'contrast' ? 'dark' : 'light';
}

/** The choices of language and colours. */
function makeChoices() {
  const codes = Object.keys(FACTS.languages).filter((code) => code !== FACTS.language);
  for (const code of [FACTS.language, ...codes]) {
    byId('language').append(element('option', {text: FACTS.languages[code], value: code, lang: code}));
  }
  byId('language').value = language;
  byId('language').addEventListener('change', () => { language = byId('language').value; showTexts(); });
  for (const name of ['automatic', ...PALETTE_NAMES]) {
    byId('colours').append(element('option', {value: name, 'data-text': name}));
  }
  byId('colours').value = FACTS.palette;
  byId('colours').addEventListener('change', () => useColours(byId('colours').value));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => useColours(byId('colours').value));
}

/** The switch that lights what speaks for an answer. */
function makeWhySwitch() {
  const changed = () => {
    document.body.dataset.why = showsWhy() ? 'on' : 'off';
    byId('why-hint').hidden = byId('why-hint-pictures').hidden = !showsWhy();
  };
  for (const id of ['why-hint', 'why-hint-pictures']) byId(id).dataset.text = FACTS.why ? 'why_hint' : 'why_covering';
  byId('why').addEventListener('change', changed);
  changed();
}

/** Use the kiosk's font, which the page carries. */
async function loadFonts() {
  for (const weight of ['500', '800']) {
    const bytes = await gunzipped(blockBytes(`font-${weight}`));
    document.fonts.add(await new FontFace('Kiosk', bytes, {weight}).load());
  }
}

/** The bytes of the model: in the page, or in a file that somebody chooses because it is too large for a page. */
function foundModel() {
  if (!FACTS.modelBeside) return gunzipped(blockBytes('model'));
  byId('model-choice').hidden = false;
  return new Promise((resolve) => {
    const input = document.querySelector('[data-testid=model]');
    input.addEventListener('change', async () => {
      if (!input.files.length) return;
      const bytes = await input.files[0].arrayBuffer().then((buffer) => new Uint8Array(buffer), () => null);
      if (bytes === null || await sha256(bytes) !== FACTS.modelSha256) {
        say(byId('status'), 'wrong_model', {file: FACTS.modelFile});
        return;
      }
      byId('model-choice').hidden = true;
      resolve(bytes);
    });
  });
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (value) => value.toString(16).padStart(2, '0')).join('');
}

/** Say that the model cannot run, and log why. */
function showFailure(error) {
  console.error(error);
  document.body.dataset.state = 'failed';
  say(byId('status'), 'failed');
}

async function main() {
  makeChoices();
  makeWhySwitch();
  useColours(FACTS.palette);
  makeBars();
  showTexts();
  byId('licences').textContent = FACTS.licences;
  byId('report').href = FACTS.report;
  byId('report').hidden = !FACTS.report;
  say(byId('status'), 'loading');
  loadFonts().catch(() => {}); // the system's font does, too
  try {
    const engine = await startedEngine(await gunzipped(blockBytes('engine-wasm')));
    if (FACTS.modelBeside) say(byId('status'), '');
    modelBytes = await foundModel();
    const test = noveltyTest(FACTS.novelty, modelBytes);
    const why = explanationFacts(FACTS.why, modelBytes);
    const indices = [...new Set([...(why ? why.tensors : []), ...(test ? [test.embedding_tensor.values[0]] : [])])];
    const runner = await Runner.open(engine, modelBytes, indices);
    makersFacts = {...runner.facts, size: runner.size};
    const classifier = new Classifier(runner, indices, test, why);
    pictureTable = new Pictures(classifier);
    pictureTable.head();
    new Live(classifier);
    byId('download').disabled = false;
    byId('download').addEventListener('click', () => saveAs('model.tflite', modelBytes, 'application/octet-stream'));
    showMakers();
    say(byId('status'), '');
    document.body.dataset.state = 'ready';
    document.body.dataset.readyMs = String(Math.round(performance.now()));
  } catch (error) {
    showFailure(error);
  }
}

main();
