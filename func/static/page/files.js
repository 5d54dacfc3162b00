"use strict";
// Files of messages: CSV (RFC 4180, and with other separators), JSON lines, and Excel's workbooks.

const MAX_SHEET_BYTES = 256 * 1024 * 1024; // unpacked: a small file may hold a lot
const OTHER_FORMATS = "python -m model.predict reads more formats.";

// Returns the rows of a file, the separator for the download, and whether the first row always holds names.
async function readTable(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  if (isZip) return {rows: await readWorkbook(bytes), separator: ","};
  const text = decode(bytes);
  if (text.includes("\0")) throw new Error(`This file is no CSV, TSV, JSONL or Excel workbook. ${OTHER_FORMATS}`);
  const isJson = /\.(jsonl|ndjson)$/i.test(file.name) || /^\s*[{]"/.test(text);
  return isJson ? {rows: parseJsonLines(text), separator: ",", isNamed: true} : parseCsv(text);
}

function decode(bytes) {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", {fatal: true}).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function parseCsv(text) {
  const [firstLine] = text.split(/[\r\n]/, 1);
  const unquoted = firstLine.replace(/"[^"]*"/g, "");
  const counts = [",", ";", "\t", "|"].map((mark) => [unquoted.split(mark).length, mark]);
  const separator = counts.reduce((best, other) => (other[0] > best[0] ? other : best))[1];
  const mark = separator === "|" ? "\\|" : separator;
  const field = new RegExp(`(?:"([^"]*(?:""[^"]*)*)"|([^${mark}\\r\\n]*))(${mark}|\\r\\n|\\r|\\n|$)`, "y");
  const rows = [];
  let row = [];
  while (field.lastIndex < text.length || row.length) {
    const [, quoted, plain, end] = field.exec(text);
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === separator) continue;
    if (row.length > 1 || row[0]) rows.push(row);
    row = [];
  }
  return {rows, separator};
}

function parseJsonLines(text) {
  const records = text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean).map((line, number) => {
    try {
      const value = JSON.parse(line);
      return value && typeof value === "object" && !Array.isArray(value) ? value : {text: value};
    } catch {
      throw new Error(`Line ${number + 1} of this file is not JSON.`);
    }
  });
  const names = [...new Set(records.flatMap(Object.keys))];
  const cell = (value) => (typeof value === "string" ? value : JSON.stringify(value) ?? "");
  return [names, ...records.map((record) => names.map((name) => cell(record[name])))];
}

// ---- Excel: a ZIP archive of XML (ECMA-376). The page's policy allows no XML parser, so the few
// elements that hold texts are found by their tags.

async function readWorkbook(bytes) {
  const entries = zipEntries(bytes);
  const [sheet] = [...entries.keys()].filter((name) => /^xl\/worksheets\/[^/]+\.xml$/.test(name))
    .sort((one, other) => one.localeCompare(other, "en", {numeric: true}));
  if (!sheet) throw new Error(`This file is no Excel workbook. ${OTHER_FORMATS}`);
  const shared = entries.has("xl/sharedStrings.xml") ? await unpack(bytes, entries.get("xl/sharedStrings.xml")) : "";
  const strings = [...elements(shared, "si")].map(([, content]) => textOf(content));
  const rows = [];
  for (const [, row] of elements(await unpack(bytes, entries.get(sheet)), "row")) {
    const cells = [];
    for (const [attributes, content] of elements(row, "c")) {
      const column = columnOf(/\br="([A-Z]+)/.exec(attributes)?.[1]) ?? cells.length;
      while (cells.length < column) cells.push("");
      cells[column] = cellText(/\bt="(\w+)"/.exec(attributes)?.[1], content, strings);
    }
    if (cells.some(Boolean)) rows.push(cells);
  }
  return rows;
}

function* elements(xml, name) {
  const element = new RegExp(`<(?:\\w+:)?${name}(\\s[^>]*?)?(?:/>|>(.*?)</(?:\\w+:)?${name}>)`, "gs");
  for (const [, attributes = "", content = ""] of xml.matchAll(element)) yield [attributes, content];
}

const ENTITIES = {lt: "<", gt: ">", amp: "&", quot: '"', apos: "'"};
const unescaped = (text) => text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) =>
  (name ? ENTITIES[name] ?? whole : String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal))));

// Phonetic hints of Japanese texts (rPh) are no part of them.
const textOf = (content) => [...elements(content.replace(/<(?:\w+:)?rPh\b.*?<\/(?:\w+:)?rPh>/gs, ""), "t")]
  .map(([, text]) => unescaped(text)).join("");
const columnOf = (letters) => letters && [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;

function cellText(type, content, strings) {
  if (type === "inlineStr") return textOf(content);
  const [[, value] = ["", ""]] = elements(content, "v");
  if (type === "s") return strings[Number(value)] ?? "";
  if (type === "b") return value === "1" ? "TRUE" : "FALSE";
  return unescaped(value);
}

// The names of an archive's files, each with the place of its local header, its size and its method.
function zipEntries(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw new Error("This file is damaged.");
  const entries = new Map();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left; left--) {
    const length = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + length));
    entries.set(name, {
      method: view.getUint16(at + 10, true),
      size: view.getUint32(at + 20, true),
      header: view.getUint32(at + 42, true),
    });
    at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

async function unpack(bytes, {method, size, header}) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  const packed = bytes.subarray(start, start + size);
  if (method === 0) return new TextDecoder().decode(packed);
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let length = 0, part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length;
    if (length > MAX_SHEET_BYTES) throw new Error(`This workbook is too large for a page. ${OTHER_FORMATS}`);
    text += decoder.decode(part.value, {stream: true});
  }
  return text;
}

// ---- The download

// A spreadsheet would take such a cell for a formula, and run it; a number is none.
const isFormula = (cell) => /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(cell) && !/^[+-]?[\d.,]+$/.test(cell);

function writeCsv(rows, separator) {
  const cell = (value) => {
    const safe = isFormula(value) ? `'${value}` : value;
    return /["\r\n,;\t|]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => `${row.map(cell).join(separator)}\r\n`).join("");
}
