"use strict";
// One message: its intent as it is typed, and the commands that ask the same.

const RANKED = 5;
const QUIET_MS = 800; // so long nothing has to change before a screen reader hears it
const FALLBACK_EXAMPLE = "Where is my parcel?";

let frame = 0;
let asked = new AbortController();
let explain = true;
let announcement = 0;
let example = ""; // is answered until something is typed
let shown = null; // the text and the prediction that are shown
let descriptions = new Map(); // by intent

$("utterance").addEventListener("input", () => { frame ||= requestAnimationFrame(classifyTyped); });

async function classifyTyped() {
  frame = 0;
  asked.abort();
  asked = new AbortController();
  const {signal} = asked;
  const typed = $("utterance").value;
  const text = typed.trim() ? typed : example;
  showCommands(text);
  if (!text) return showNothing();
  try {
    const start = performance.now();
    const prediction = await predict({text, top_k: RANKED, explain}, signal);
    show(text, prediction, performance.now() - start);
  } catch (error) {
    if (signal.aborted) return;
    if (explain && /can't explain/.test(error.message)) {
      explain = false;
      return classifyTyped();
    }
    showNothing(reason(error));
  }
}

function showNothing(trouble = "") {
  shown = null;
  $("answer").hidden = true;
  $("trouble").textContent = trouble;
  $("trouble").hidden = !trouble;
  announce(trouble);
}

function show(text, prediction, milliseconds) {
  const {intent, confidence, act, alternatives, evidence = [], corrections = {}} = prediction;
  const isOut = intent === OUT_OF_SCOPE;
  const nearest = alternatives.find((item) => item.intent !== OUT_OF_SCOPE);
  const isExample = !$("utterance").value.trim();
  shown = {text, answer: {intent, confidence}};
  $("trouble").hidden = true;
  $("answer").hidden = false;
  $("answer").dataset.state = isOut ? "out" : "known";
  $("shown-example").hidden = !isExample;
  $("example-text").textContent = text;
  $("intent").textContent = shownIntent(intent);
  $("confidence").textContent = percent(confidence);
  $("description").textContent = descriptions.get(intent)?.description ?? "";
  $("description").hidden = !$("description").textContent;
  $("meaning").textContent =
    `${isOut ? `None of the model's intents fits this message. The nearest is ${nearest.intent}, with ${percent(nearest.confidence)}. ` : ""}` +
    `${act === true ? "Sure enough to act on. " : ""}${act === false && !isOut ? "Not sure enough to act on: ask a person. " : ""}` +
    `Answered in ${milliseconds.toFixed(1)} ms.`;
  $("outcome").textContent = "";
  fillBars($("ranking"), alternatives.map((item) => [shownIntent(item.intent), item.confidence, percent(item.confidence)]));
  $("leader").textContent = `${isOut ? "Nearest" : "Why"}: ${nearest.intent}`;
  showEvidence(text, nearest.intent, evidence, corrections);
  announce(isExample ? "" : `${shownIntent(intent)}, ${percent(confidence)}`);
}

function announce(message) {
  clearTimeout(announcement);
  announcement = setTimeout(() => { $("status").textContent = message; }, QUIET_MS);
}

function tryText(text) {
  $("utterance").value = text;
  classifyTyped();
  $("utterance").focus();
  $("utterance").scrollIntoView({block: "nearest"});
}

// ---- Commands

function showCommands(text) {
  const body = JSON.stringify({text: text || FALLBACK_EXAMPLE}).replaceAll("'", "'\\''");
  const headers = ["Content-Type: application/json", ...(token ? ["Authorization: Bearer …"] : [])];
  const event = ["ce-specversion: 1.0", "ce-id: 1", "ce-source: /try-it", "ce-type: chat.message"];
  const curl = (path, lines) =>
    `curl '${new URL(path, location.href)}' \\\n${lines.map((line) => `  -H '${line}' \\\n`).join("")}  -d '${body}'`;
  $("curl").textContent = curl("predict", headers);
  $("event").textContent = curl(".", [...headers, ...event]);
}

for (const button of document.querySelectorAll("[data-copies]")) {
  button.addEventListener("click", async () => {
    const source = $(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      // Without HTTPS there is no clipboard to write to but this old one.
      getSelection().selectAllChildren(source);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}
