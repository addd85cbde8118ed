// Reads files with jsfive or h5wasm and prints a line of JSON for each, in the form that canonical.py describes.
//
// usage: node read.mjs MODULES jsfive|h5wasm FILE...      MODULES: the node_modules folder that has both

import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

// Same as in canonical.py.
const HIDDEN = new Set(["CLASS", "DIMENSION_LIST", "NAME", "REFERENCE_LIST", "_NCProperties", "_Netcdf4Coordinates",
  "_Netcdf4Dimid", "_nc3_strict"]);
const NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable";

const ARRAYS = {
  i1: Int8Array, i2: Int16Array, i4: Int32Array, i8: BigInt64Array, u1: Uint8Array, u2: Uint16Array, u4: Uint32Array,
  u8: BigUint64Array, f4: Float32Array, f8: Float64Array,
};

const [modules, reader, ...files] = process.argv.slice(2);
const say = (answer) => fs.writeSync(1, `${JSON.stringify(answer)}\n`);
const list = (value) => (Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value) : [value]);
const plain = (text) => text.replace(/\0+$/, "");

/** Bytes of numbers in a type; numbers that are of it already keep their bits. */
function numberBytes(value, type) {
  const kind = ARRAYS[type];
  if (!kind) throw new Error(`no array for ${type}`);
  const array = ArrayBuffer.isView(value) && value.constructor === kind ? value
    : kind.from(list(value), type.endsWith("8") && type[0] !== "f" ? BigInt : Number);
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

/** Bytes of characters: a letter of Latin-1 each, and an empty text is a NUL. Null if the reader has lost some. */
function characterBytes(value, count) {
  const text = typeof value === "string" ? value : list(value).map((one) => (one === "" ? "\0" : one)).join("");
  if (text.includes("\ufffd")) return null;
  const bytes = Buffer.from(text, "latin1");
  return bytes.length < count ? Buffer.concat([bytes, Buffer.alloc(count - bytes.length)]) : bytes;
}

function textAttribute(value) {
  const texts = list(value).map(plain);
  return texts.length === 1 ? ["text", texts[0]] : ["texts", texts];
}

/** Whether numbers have been made float64 that do not fit into it. */
function lostDigits(value, type) {
  return /^[iu]8$/.test(type) && list(value).some((one) => typeof one === "number" && !Number.isSafeInteger(one));
}

function variable(type, shape, value, attributes) {
  const size = shape.reduce((product, length) => product * length, 1);
  let sha256 = "lost";
  if (!lostDigits(value, type)) {
    const bytes = type === "char" ? characterBytes(value, size) : numberBytes(value, type);
    if (bytes) sha256 = crypto.createHash("sha256").update(bytes).digest("hex");
  }
  return { type, shape, sha256, size, attributes, dimensions: null };
}

/** The shown attributes of an object, each brought to its form by `form`. */
function attributesOf(held, form) {
  const found = {};
  for (const name of Object.keys(held)) {
    if (HIDDEN.has(name)) continue;
    try {
      found[name] = form(held[name]);
    } catch (error) {
      found[name] = ["unreadable", String(error)];
    }
  }
  return found;
}

/** jsfive knows types of datasets ("<f4", "S1") but gives numbers of attributes as they are in JavaScript. */
const jsfive = {
  async load() {
    const module = await imported("jsfive/dist/esm/index.mjs");
    console.warn = console.log = () => {};  // it prints messages about REFERENCE_LIST on standard output
    return module;
  },
  open(library, file) {
    const bytes = fs.readFileSync(file);
    return new library.File(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), path.basename(file));
  },
  names: (file) => file.keys,
  attributes: (item) => attributesOf(item.attrs, (value) => {
    if (value === null || value === undefined) throw new Error("not implemented");
    if (list(value).length && list(value).every((one) => typeof one === "string")) return textAttribute(value);
    return ["number", numberBytes(list(value).map(Number), "f8").toString("hex")];
  }),
  title: (item) => String(item.attrs.NAME ?? ""),
  dataset: (item) => [item.dtype === "S1" ? "char" : item.dtype.slice(1), item.shape, item.value],
};

/** h5wasm is libhdf5: it tells types of everything. */
const h5wasm = {
  async load() {
    const module = (await imported("h5wasm/dist/node/hdf5_hl.js")).default;
    await module.ready;
    return module;
  },
  open: (library, file) => new library.File(file, "r"),
  names: (file) => file.keys(),
  attributes: (item) => attributesOf(item.attrs, (held) => {
    const { metadata } = held;
    if (metadata.type === 3) return held.value === null ? ["text", ""] : textAttribute(held.value);
    return [numberType(metadata), held.value === null ? "" : numberBytes(held.value, numberType(metadata)).toString("hex")];
  }),
  title: (item) => ("NAME" in item.attrs ? String(item.attrs.NAME.value) : ""),
  dataset: (item) => [item.metadata.type === 3 ? "char" : numberType(item.metadata), item.shape, item.value],
};

function numberType({ type, signed, size }) {
  if (type !== 0 && type !== 1) throw new Error(`type class ${type}`);
  return `${type === 1 ? "f" : signed ? "i" : "u"}${size}`;
}

function imported(place) {
  return import(pathToFileURL(path.join(modules, place)));
}

function digest(kind, library, file) {
  const opened = kind.open(library, file);
  const found = { "/": { attributes: kind.attributes(opened), dimensions: null } };
  for (const name of kind.names(opened)) {
    const item = opened.get(name);
    if (!kind.title(item).startsWith(NO_VARIABLE)) found[name] = variable(...kind.dataset(item), kind.attributes(item));
  }
  if (opened.close) opened.close();
  return found;
}

const kind = { jsfive, h5wasm }[reader];
const library = await kind.load();
say({ version: JSON.parse(fs.readFileSync(path.join(modules, reader, "package.json"))).version });
for (const file of files) {
  try {
    say({ file, digest: digest(kind, library, file) });
  } catch (error) {
    say({ file, error: String(error) });
  }
}
