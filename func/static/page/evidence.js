"use strict";
// Why an intent was predicted: n-grams, found again in the text and summed by word.

const SHOWN_WORDS = 5;

// The model sees a text in lower case and, it may be, without accents. To find its n-grams again,
// both are folded; each folded character remembers the letter, marks included, that it came from.
const letters = (text) => text.match(/\P{M}\p{M}*|\p{M}+/gsu) ?? [];
const fold = (text) => folded(text).replace(/\s/gu, " ");
const IN_WORD = /[\p{L}\p{N}_]/u;

function* places(foldedText, feature) {
  const words = fold(feature).trim().split(/ +/).map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  if (!words[0]) return;
  // Words of an n-gram may stand apart by punctuation, and by words of one letter, which some models skip.
  const body = words.join("(?:[^\\p{L}\\p{N}_]+[\\p{L}\\p{N}_](?=[^\\p{L}\\p{N}_]))*?[^\\p{L}\\p{N}_]+");
  const before = feature.startsWith(" ") ? "(?<=^| )" : "";
  const after = feature.endsWith(" ") ? "(?= |$)" : "";
  const inside = new RegExp(before + body + after, "gu");
  const alone = new RegExp(`(?<![\\p{L}\\p{N}_])${body}(?![\\p{L}\\p{N}_])`, "gu");
  const isEdged = before || after;
  const found = isEdged ? [] : [...foldedText.matchAll(alone)];
  for (const match of found.length ? found : foldedText.matchAll(inside)) {
    yield [match.index, match.index + match[0].length];
  }
}

// The text in pieces: words with their share of all evidence, and what stands between them.
function weighWords(text, evidence) {
  const parts = letters(text);
  const folds = parts.map(fold);
  const owners = folds.flatMap((part, number) => Array(part.length).fill(number));
  const foldedText = folds.join("");
  const isLetter = parts.map((part) => IN_WORD.test(part));
  const weights = new Float64Array(parts.length);
  for (const {feature, weight} of evidence) {
    const touched = new Set();
    for (const [start, end] of places(foldedText, feature)) {
      for (let at = start; at < end; at++) if (isLetter[owners[at]]) touched.add(owners[at]);
    }
    for (const number of touched) weights[number] += weight / touched.size;
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const pieces = [];
  parts.forEach((part, number) => {
    if (!number || isLetter[number] !== isLetter[number - 1]) pieces.push({text: "", share: 0});
    pieces.at(-1).text += part;
    pieces.at(-1).share += weights[number] / total;
  });
  return pieces;
}

// The text as the model has read it.
const WHOLE_WORD = /(?<![\p{L}\p{N}\p{M}_])(?<![\p{L}\p{N}_]['\u2019])\p{L}+(?![\p{L}\p{N}\p{M}_]|['\u2019][\p{L}\p{N}_])/gu;
const asRead = (text, corrections) => text.normalize("NFC").replace(WHOLE_WORD,
  (word) => (Object.hasOwn(corrections, word) ? corrections[word] : word));

function inWords(words, leader, corrections) {
  const read = Object.entries(corrections).map(([typed, meant]) => ` “${typed}” was read as “${meant}”.`).join("");
  if (!words.length) return `No single word decides.${read}`;
  const strong = words.filter(([, share], place) => !place || share >= 0.1);
  const quoted = strong.slice(0, 3).map(([name]) => `“${name}”`);
  const [first, ...others] = quoted;
  const rest = others.length ? `, then ${others.join(" and ")}` : "";
  return `${first} speaks most for ${leader}${rest}.${read}`;
}

function showEvidence(text, leader, evidence, corrections) {
  $("evidence").hidden = !evidence.length;
  if (!evidence.length) return;
  const pieces = weighWords(asRead(text, corrections), evidence);
  const sums = new Map();
  for (const {text: word, share} of pieces) {
    if (share > 0) sums.set(word.toLowerCase(), (sums.get(word.toLowerCase()) ?? 0) + share);
  }
  const words = [...sums].filter(([, share]) => share >= 0.005).sort((one, other) => other[1] - one[1]);
  const most = Math.max(...pieces.map(({share}) => share), Number.MIN_VALUE);
  $("reasons").textContent = inWords(words, leader, corrections);
  $("marked").replaceChildren(...pieces.map(({text: piece, share}) => {
    const level = Math.ceil(share / most * 3);
    if (!level) return document.createTextNode(piece);
    const mark = make("mark", piece);
    mark.dataset.level = level;
    return mark;
  }));
  fillBars($("words"), words.slice(0, SHOWN_WORDS).map(([word, share]) => [word, share, `${Math.round(share * 100)} %`]));
  const strongest = evidence[0].weight;
  fillBars($("ngrams"), evidence.map(({feature, weight}) =>
    [feature.replaceAll(" ", "␣"), weight / strongest, `+${weight.toFixed(2)}`]));
  makeScrollable($("marked"));
}
