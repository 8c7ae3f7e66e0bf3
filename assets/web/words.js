// Texts in the language of the page, and elements that show them.

const FACTS = JSON.parse(document.getElementById('facts').textContent);
const CLASS_PICTURES = JSON.parse(document.getElementById('class-pictures').textContent);
let language = FACTS.language;

/** A text of the page with its {names} filled in. */
function text(name, values = {}) {
  return FACTS.texts[language][name].replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));
}

/** Show a text of the page in an element. It changes with the language. */
function say(shown, name, values = {}) {
  shown.dataset.text = name;
  shown.dataset.values = JSON.stringify(values);
  shown.textContent = name ? text(name, values) : '';
}

/** A share as a percentage of the language. */
function percent(share) {
  return new Intl.NumberFormat(language, {style: 'percent', maximumFractionDigits: 0}).format(share);
}

/** Names in a sentence, such as "apple, cup and duck". */
function listed(names) {
  return new Intl.ListFormat(language, {type: 'conjunction'}).format(names);
}

/** A new element: its text is never read as markup, because labels may come from a stranger's drive. */
function element(name, {text: content, ...attributes} = {}, ...children) {
  const made = document.createElement(name);
  if (content !== undefined) made.textContent = content;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const byId = (id) => document.getElementById(id);
