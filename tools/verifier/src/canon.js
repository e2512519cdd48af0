// Canonical JSON, and the fields of an entry (FORMAT.md 5).
import { Malformed, equal, fromUtf8, need, toUtf8 } from "./bytes.js";

const KEY = /^(?![0-9]+$)[a-z0-9_]{1,64}$/;
const MAX_DEPTH = 12;
export const MAX_FIELDS = 65536;

function text(s) {
	// JSON.parse lets lone surrogates pass; UTF-8 has none
	need(!/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(s) &&
		!/[\ud800-\udbff](?![\udc00-\udfff])/.test(s) &&
		!/(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/.test(s), "string");
	return "\"" + s.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")
		.replace(/\t/g, "\\t") + "\"";
}

// the canonical text of a value; the outermost object is at depth 1
function encode(v, depth) {
	need(depth <= MAX_DEPTH, "depth");
	if (typeof v === "string") return text(v);
	if (typeof v === "boolean") return String(v);
	if (typeof v === "number") {
		need(Number.isSafeInteger(v) && v >= 0 && !Object.is(v, -0),
			"number");
		return String(v);
	}
	need(typeof v === "object" && v !== null, "value");
	if (Array.isArray(v)) {
		const strings = v.every((e) => typeof e === "string");
		const objects = v.every((e) => typeof e === "object" &&
			e !== null && !Array.isArray(e));
		need(strings || objects, "list");
		return "[" + v.map((e) => encode(e, depth + 1)).join(",") + "]";
	}
	const keys = Object.keys(v).sort();
	for (const k of keys) need(KEY.test(k), "key");
	return "{" + keys.map((k) =>
		`"${k}":${encode(v[k], depth + 1)}`).join(",") + "}";
}

function parse(bytes, depth) {
	let v;
	try {
		v = JSON.parse(fromUtf8(bytes));
	} catch {
		throw new Malformed("JSON");
	}
	// what is read twice or written otherwise differs here
	need(equal(toUtf8(encode(v, depth)), bytes), "not canonical");
	return v;
}

export function readObject(bytes) {
	const v = parse(bytes, 1);
	need(!Array.isArray(v) && typeof v === "object", "object");
	return v;
}

// the value of one field, as it stands in a proof: no object or list of
// objects unless it is empty
export function readValue(string) {
	const v = parse(toUtf8(string), 2);
	if (Array.isArray(v))
		need(v.every((e) => typeof e === "string"), "list");
	else if (typeof v === "object")
		need(Object.keys(v).length === 0, "object");
	return v;
}

// Map from field name to canonical text
export function fieldsOf(entry) {
	const out = new Map();
	const walk = (v, name, depth) => {
		const isObject = typeof v === "object" && !Array.isArray(v);
		const inner = isObject ? Object.keys(v) : Array.isArray(v) &&
			typeof v[0] === "object" ? [...v.keys()] : [];
		if (inner.length === 0) {
			need(out.size < MAX_FIELDS, "fields");
			out.set(name, encode(v, depth));
		}
		for (const k of inner)
			walk(v[k], name + "." + (isObject ? k : k + 1),
				depth + 1);
	};
	for (const k of Object.keys(entry))
		if (k !== "salt" && k !== "signature") walk(entry[k], k, 2);
	return out;
}

export const isFieldName = (name) => name.length < 1024 &&
	name.split(".").every((p) => KEY.test(p) || /^[1-9][0-9]{0,5}$/.test(p));
