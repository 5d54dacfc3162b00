"use strict";
// Shared by the other scripts: elements, numbers, lists of bars, and requests to the server.

const OUT_OF_SCOPE = "out_of_scope";

const $ = (id) => document.getElementById(id);
const make = (tag, text, properties) => Object.assign(document.createElement(tag), {textContent: text}, properties);
const percent = (share) => `${(share * 100).toFixed(1)} %`;
const whole = (number) => number.toLocaleString("en");
const shownIntent = (intent) => (intent === OUT_OF_SCOPE ? "Out of scope" : intent);
const folded = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

function fillBars(list, items) {
  while (list.children.length > items.length) list.lastChild.remove();
  while (list.children.length < items.length) {
    const item = make("li", "");
    item.append(...["name", "bar", "share"].map((className) => make("span", "", {className})));
    list.append(item);
  }
  items.forEach(([name, share, value], place) => {
    const [nameCell, bar, valueCell] = list.children[place].children;
    nameCell.textContent = name;
    bar.style.setProperty("--share", share);
    valueCell.textContent = value;
  });
}

// What scrolls needs a stop of the keyboard.
function makeScrollable(element) {
  if (element.scrollHeight > element.clientHeight) element.tabIndex = 0;
  else element.removeAttribute("tabindex");
}

function save(name, type, ...parts) {
  const url = URL.createObjectURL(new Blob(parts, {type}));
  make("a", "", {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// ---- The server

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let token = "";

async function ask(path, {body, signal} = {}) {
  const headers = {Accept: "application/json"};
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(path, {method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal});
  // A gateway on the way may answer with something other than JSON.
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  if (response.status === 401) $("access").hidden = false;
  throw new Refusal(response.status, answer.error ?? `The server answered ${response.status}`);
}

const predict = (body, signal) => ask("predict", {body, signal});

function reason(error) {
  if (error.status === 401) return "This server needs an access token.";
  return error instanceof Refusal ? error.message : "The server can't be reached.";
}
