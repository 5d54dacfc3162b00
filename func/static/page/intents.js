"use strict";
// The intents that the model knows, and how the page begins.

const UNKNOWN_EXAMPLE = "Will it rain in Oslo tomorrow?";
const SHOWN_EXAMPLES = 5;

const words = (intent) => intent.replaceAll("_", " ");

function showIntents(labels) {
  $("catalogue-count").textContent = `The ${whole(labels.length)} intents that the model knows`;
  $("intent-names").replaceChildren(...[...labels, OUT_OF_SCOPE].map((value) => make("option", "", {value})));
  $("intents").replaceChildren(...labels.map((label) => {
    const {description = "", examples = []} = descriptions.get(label) ?? {};
    const item = make("li", "");
    item.dataset.words = folded([label, words(label), description, ...examples].join(" "));
    item.append(make("strong", label), make("p", description));
    for (const text of examples) item.append(make("button", text, {className: "pill", onclick: () => tryText(text)}));
    return item;
  }));
}

$("search").addEventListener("input", () => {
  const wanted = folded($("search").value).split(/\s+/).filter(Boolean);
  let count = 0;
  for (const item of $("intents").children) {
    item.hidden = !wanted.every((word) => item.dataset.words.includes(word));
    count += !item.hidden;
  }
  $("no-intent").hidden = count > 0;
});

function showExamples(texts) {
  $("examples").replaceChildren(...texts.map((text) => {
    const item = make("li", "");
    item.append(make("button", text, {className: "pill", onclick: () => tryText(text)}));
    return item;
  }));
}

// Examples of intents that stand apart from each other in the alphabet: neighbours are often alike.
function examplesOf(labels) {
  const described = labels.filter((label) => descriptions.get(label)?.examples.length);
  const step = Math.max(1, described.length / SHOWN_EXAMPLES);
  const chosen = Array.from({length: Math.min(SHOWN_EXAMPLES, described.length)}, (_, place) => described[Math.floor(place * step)]);
  if (chosen.length) return chosen.map((label) => descriptions.get(label).examples[0]);
  // Without descriptions, names are the best guess at what people would write.
  return labels.slice(0, SHOWN_EXAMPLES).map(words);
}

async function begin() {
  showCommands("");
  let texts = [FALLBACK_EXAMPLE];
  try {
    const {labels, intents = {}} = await ask("model");
    descriptions = new Map(Object.entries(intents));
    showIntents(labels);
    texts = examplesOf(labels);
  } catch (error) {
    showNothing(reason(error));
  }
  showExamples([...texts, UNKNOWN_EXAMPLE]);
  [example] = texts;
  $("utterance").placeholder = example;
  if ($("access").hidden) classifyTyped();
}

$("access").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  $("token").value = "";
  $("access").hidden = true;
  $("utterance").focus();
  begin();
});

begin();
