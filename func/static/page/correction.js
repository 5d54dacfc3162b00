"use strict";
// "Wrong? Correct it": corrections go to the server, and stay in the page where it does not take them.

let corrected = null; // the text and the prediction that the dialog asks about
let onCorrected = () => {};
let kept = [];
let isUnsupported = false; // by a server without a sink

function openCorrection(subject, done) {
  corrected = subject;
  onCorrected = done;
  $("correction-text").textContent = subject.text;
  $("correction-answer").textContent = `${shownIntent(subject.answer.intent)}, ${percent(subject.answer.confidence)}`;
  $("right").value = $("comment").value = "";
  $("correction").showModal();
  makeScrollable($("correction-text"));
  $("right").focus();
}

async function submitCorrection() {
  const comment = $("comment").value.trim();
  const correction = {...corrected, intent: $("right").value.trim(), ...(comment ? {comment} : {})};
  const done = onCorrected;
  $("correction").close();
  done(correction.intent, await deliver(correction));
}

// Returns a sentence about what became of a correction.
async function deliver(correction) {
  try {
    await ask("feedback", {body: correction});
    return "Thank you: the correction was sent.";
  } catch (error) {
    if ([400, 413].includes(error.status)) return `Not sent: ${error.message}.`;
    keep(correction, error);
    return isUnsupported
      ? "Kept in this page: this server takes no corrections."
      : `Kept in this page: ${reason(error).replace(/\.$/, "")}.`;
  }
}

function keep(correction, error) {
  isUnsupported = [404, 405, 501].includes(error.status);
  kept.push(correction);
  showKept();
}

function showKept() {
  $("kept-section").hidden = !kept.length;
  $("send-kept").hidden = isUnsupported;
  $("kept-reason").textContent = isUnsupported
    ? "This server has no place for corrections. Save them as a file, and use it with the next training."
    : "The server could not pass them on. Send them again, or save them as a file.";
  $("kept").replaceChildren(...kept.map(({text, intent}) => {
    const item = make("li", "");
    item.append(make("div", text, {dir: "auto", className: "clamped"}), make("strong", shownIntent(intent)));
    return item;
  }));
}

async function sendKept() {
  const waiting = kept;
  kept = [];
  $("send-kept").disabled = $("save-kept").disabled = true;
  for (const each of waiting) await deliver(each);
  $("send-kept").disabled = $("save-kept").disabled = false;
  showKept();
  if (kept.length) $("send-kept").focus();
}

function saveKept() {
  save("corrections.jsonl", "application/jsonl", ...kept.map((each) => `${JSON.stringify(each)}\n`));
  kept = [];
  $("outcome").textContent = "Saved as corrections.jsonl.";
  showKept();
}

$("correct").addEventListener("click", () => openCorrection(shown, (_, outcome) => {
  $("outcome").textContent = outcome;
  $("correct").focus();
}));
$("correction-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if ($("right").value.trim()) submitCorrection();
});
$("correction-cancel").addEventListener("click", () => $("correction").close());
$("save-kept").addEventListener("click", saveKept);
$("send-kept").addEventListener("click", sendKept);
addEventListener("beforeunload", (event) => { if (kept.length) event.preventDefault(); });
