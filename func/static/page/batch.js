"use strict";
// Many messages: classified in batches, shown as a table, corrected in place, downloaded as CSV.

const ROWS_AT_ONCE = 50;

let table = null; // the file: its rows and separator
let run = null; // what is being classified, or was
let batchSize = 64;
let sorting = {by: "confidence", descending: false};
let shownRows = ROWS_AT_ONCE;

const say = (message) => { $("batch-status").textContent = message; };

async function read(file) {
  if (!file) return;
  forget();
  try {
    table = await readTable(file);
    if (!table.rows.length) throw new Error("This file is empty.");
  } catch (error) {
    table = null;
    return say(error instanceof RangeError || error instanceof TypeError ? "This file is damaged." : error.message);
  }
  $("file-name").textContent = file.name;
  $("pasting").hidden = true;
  $("choosing").hidden = $("forget").hidden = false;
  $("has-header").checked = true;
  $("header-choice").hidden = Boolean(table.isNamed);
  chooseColumns();
}

function header() {
  return $("has-header").checked ? table.rows[0] : table.rows[0].map((_, place) => `column_${place + 1}`);
}

function chooseColumns() {
  const names = header();
  $("column").replaceChildren(...names.map((name, value) => make("option", name || `Column ${value + 1}`, {value})));
  const likely = names.findIndex((name) => /text|message|utterance|body|comment/i.test(name));
  $("column").value = Math.max(likely, 0);
  changed();
}

function forget() {
  table = null;
  $("file").value = $("file-name").textContent = "";
  $("pasting").hidden = false;
  $("choosing").hidden = $("forget").hidden = true;
  changed();
}

// Other messages than those of the last run: its results no longer belong to what is shown.
function changed() {
  run?.stop.abort();
  run = null;
  sorting = {by: "confidence", descending: false};
  $("download").hidden = $("running").hidden = $("cancel").hidden = $("results").hidden = true;
  $("start").hidden = false;
  $("start").textContent = "Classify";
  say("");
  if (!table) return;
  const [first] = rowsOfTable();
  $("sample").textContent = `${whole(rowsOfTable().length)} rows; the first: ${(first?.[$("column").value] ?? "").slice(0, 80)}`;
}

const rowsOfTable = () => ($("has-header").checked ? table.rows.slice(1) : table.rows);

function newRun() {
  const results = {answers: [], corrections: new Map()};
  if (table) return {names: header(), rows: rowsOfTable(), column: Number($("column").value), separator: table.separator, ...results};
  const rows = $("lines").value.split(/\r?\n/).filter((line) => line.trim()).map((line) => [line]);
  return {names: ["text"], rows, column: 0, separator: ",", ...results};
}

async function start() {
  run ??= newRun();
  const own = run;
  if (!own.rows.length) {
    run = null;
    return say("There is no message yet.");
  }
  own.stop = new AbortController();
  $("start").hidden = $("download").hidden = $("results").hidden = true;
  $("running").hidden = $("cancel").hidden = false;
  $("cancel").focus();
  say("");
  let trouble = "";
  try {
    while (own.answers.length < own.rows.length) {
      showProgress(own);
      await classifyNext(own);
    }
  } catch (error) {
    trouble = own.stop.signal.aborted ? "Stopped." : reason(error);
  }
  if (run === own) finish(own, trouble);
}

async function classifyNext({rows, column, answers, stop}) {
  const texts = rows.slice(answers.length, answers.length + batchSize).map((row) => row[column] ?? "");
  const known = texts.map((text) => (text.trim() ? null : {error: "must not be empty"}));
  const asking = texts.filter((_, place) => !known[place]);
  const replies = asking.length ? await classify(asking, stop.signal) : [];
  answers.push(...known.map((answer) => answer ?? replies.shift()));
}

// One bad text has a whole batch refused: halving finds it, and saves the others.
async function classify(texts, signal) {
  try {
    return (await predict({texts}, signal)).predictions;
  } catch (error) {
    if (![400, 413].includes(error.status)) throw error;
    if (texts.length === 1) return [{error: error.message.replace(/^'texts\[0\]' /, "")}];
    const limit = /at most (\d+) texts/.exec(error.message);
    if (limit) batchSize = Number(limit[1]);
    const middle = Math.ceil(texts.length / 2);
    return [...await classify(texts.slice(0, middle), signal), ...await classify(texts.slice(middle), signal)];
  }
}

function showProgress({answers, rows}) {
  $("progress").max = rows.length;
  $("progress").value = answers.length;
  $("count").textContent = `${whole(answers.length)} of ${whole(rows.length)}`;
}

function finish({answers, rows}, trouble) {
  const isDone = answers.length === rows.length;
  $("running").hidden = $("cancel").hidden = true;
  $("start").hidden = isDone;
  $("start").textContent = "Continue";
  $("download").hidden = $("results").hidden = !answers.length;
  const failed = answers.filter((answer) => answer.error).length;
  say(`${trouble} ${whole(answers.length)} of ${whole(rows.length)} messages classified` +
    `${failed ? `, ${whole(failed)} of them with an error` : ""}.`);
  (isDone ? $("download") : $("start")).focus();
  showFilter();
  showRows();
}

// ---- The results

const ERROR = "(error)";
const nameOf = ({intent, error}) => (error ? ERROR : intent);

function showFilter() {
  const counts = new Map();
  for (const answer of run.answers) counts.set(nameOf(answer), (counts.get(nameOf(answer)) ?? 0) + 1);
  const ranked = [...counts].sort((one, other) => other[1] - one[1]);
  $("filter").replaceChildren(
    make("option", `All (${whole(run.answers.length)})`, {value: ""}),
    ...ranked.map(([value, count]) => make("option", `${shownIntent(value)} (${whole(count)})`, {value})));
  shownRows = ROWS_AT_ONCE;
}

// The places of the rows to show, in their order. An error is the least certain of all.
function orderedRows() {
  const keys = {
    place: (place) => place,
    intent: (place) => nameOf(run.answers[place]),
    confidence: (place) => run.answers[place].confidence ?? -1,
  };
  const key = keys[sorting.by];
  const compare = (one, other) => (key(one) > key(other)) - (key(one) < key(other)) || one - other;
  const wanted = [...run.answers.keys()].filter((place) => !$("filter").value || nameOf(run.answers[place]) === $("filter").value);
  return wanted.sort((one, other) => (sorting.descending ? compare(other, one) : compare(one, other)));
}

function showRows() {
  const ordered = orderedRows();
  $("rows").replaceChildren(...ordered.slice(0, shownRows).map(rowOf));
  $("more").hidden = ordered.length <= shownRows;
  $("more").textContent = `Show more (${whole(ordered.length - shownRows)} left)`;
  for (const cell of document.querySelectorAll("[data-sorts]")) {
    if (cell.dataset.sorts === sorting.by) cell.ariaSort = sorting.descending ? "descending" : "ascending";
    else cell.removeAttribute("aria-sort");
  }
}

function rowOf(place) {
  const {intent, confidence, error} = run.answers[place];
  const text = run.rows[place][run.column] ?? "";
  const row = make("tr", "");
  const intentCell = make("td", error ? error : shownIntent(intent), {className: error ? "trouble" : ""});
  const right = run.corrections.get(place);
  if (right) intentCell.replaceChildren(make("s", shownIntent(intent)), " ", make("strong", shownIntent(right)));
  const action = make("td", "");
  if (!error) {
    const label = `Correct the intent of “${text.slice(0, 60)}”`;
    const button = make("button", "Correct", {ariaLabel: label});
    button.addEventListener("click", () => openCorrection({text, answer: {intent, confidence}}, (right, outcome) => {
      correctRow(place, right, outcome);
    }));
    action.append(button);
  }
  row.dataset.place = place;
  const textCell = make("td", "", {className: "text"});
  textCell.append(make("div", text, {dir: "auto", className: "clamped"}));
  row.append(textCell, intentCell,
    make("td", error ? "" : percent(confidence), {className: "number"}), action);
  return row;
}

function correctRow(place, right, outcome) {
  if (!outcome.startsWith("Not sent")) run.corrections.set(place, right);
  say(outcome);
  const shownRow = $("rows").querySelector(`[data-place="${place}"]`);
  const row = rowOf(place);
  shownRow?.replaceWith(row);
  row.querySelector("button").focus();
}

function download() {
  const added = ["intent", "confidence", "error"].map((name) => (run.names.includes(name) ? `predicted_${name}` : name));
  if (run.corrections.size) added.push("corrected_intent");
  const rows = run.rows.map((row, place) => {
    const {intent = "", confidence = "", error = ""} = run.answers[place] ?? {error: "not classified"};
    const cells = run.names.map((_, column) => row[column] ?? "");
    const corrections = run.corrections.size ? [run.corrections.get(place) ?? ""] : [];
    return [...cells, intent, String(confidence), error, ...corrections];
  });
  const text = writeCsv([[...run.names, ...added], ...rows], run.separator);
  // Excel takes a file for UTF-8 only by this mark, which other programs need not see in plain ASCII.
  const mark = /[^\x00-\x7f]/.test(text) ? "\ufeff" : "";
  save("intents.csv", "text/csv;charset=utf-8", mark, text);
}

for (const cell of document.querySelectorAll("[data-sorts]")) {
  cell.firstElementChild.addEventListener("click", () => {
    const by = cell.dataset.sorts;
    sorting = {by, descending: sorting.by === by && !sorting.descending};
    showRows();
  });
}
$("filter").addEventListener("change", () => { shownRows = ROWS_AT_ONCE; showRows(); });
$("more").addEventListener("click", () => { shownRows += ROWS_AT_ONCE; showRows(); });
$("file").addEventListener("change", () => read($("file").files[0]));
$("has-header").addEventListener("change", chooseColumns);
$("column").addEventListener("change", changed);
$("lines").addEventListener("input", changed);
$("forget").addEventListener("click", () => { forget(); $("lines").focus(); });
$("start").addEventListener("click", start);
$("cancel").addEventListener("click", () => run.stop.abort());
$("download").addEventListener("click", download);
addEventListener("dragover", (event) => { event.preventDefault(); $("batch").classList.add("over"); });
addEventListener("dragleave", () => $("batch").classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  $("batch").classList.remove("over");
  read(event.dataTransfer.files[0]);
});
