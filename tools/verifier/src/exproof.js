// proof/eNNN.proof: the line of an entry in its batch, and shown fields.
import { decimal, fromHex, need, toUtf8 } from "./bytes.js";
import { MAX_FIELDS, isFieldName, readValue } from "./canon.js";
import { Lines, nodes, words } from "./lines.js";
import { fold, leafHash } from "./merkle.js";

function readField(line, k) {
	const [name, salt, place, path, value] = words(line, 5, true);
	const f = { name, salt: fromHex(salt, 32), place: decimal(place),
		path: path.split(",").map((h) => fromHex(h, 32)), text: value };
	need(isFieldName(name) && f.place < 4 ** k && f.path.length === 2 * k &&
		!/[\x00-\x1f\x7f-\x9f]/.test(value), "field");
	f.value = readValue(value);
	return f;
}

// {sha256, root: hex; place, path, k, inner, fieldsK, fields: Map}
export function readProof(bytes) {
	need(bytes.length <= 96 << 20, "too long");
	const lines = new Lines(bytes);
	lines.is("muniment proof 1");
	const [sha256, root] = words(lines.must("line entry"), 2);
	fromHex(sha256, 32);
	const p = { sha256, root: fromHex(root, 32), rootHex: root,
		place: decimal(lines.must("place")), path: nodes(lines, 10) };
	const [k, inner] = words(lines.must("batch"), 2);
	p.k = decimal(k);
	p.inner = fromHex(inner, 32);
	p.batchLine = k + " " + inner;
	p.fieldsK = decimal(lines.must("fields"));
	need(p.k >= 2 && p.k <= 5 && p.path.length === 2 * p.k &&
		p.place < 4 ** p.k && p.fieldsK >= 3 && p.fieldsK <= 8,
		"proof");
	p.fields = new Map();
	let last = "";
	for (let v; (v = lines.take("field")) !== null;) {
		const f = readField(v, p.fieldsK);
		need(p.fields.size < MAX_FIELDS && last < f.name, "field");
		p.fields.set(last = f.name, f);
	}
	lines.end();
	return p;
}

// does this field lie under the fields root?
export function fieldRoot(f) {
	const leaf = leafHash(f.salt, toUtf8(f.name), Uint8Array.of(0),
		toUtf8(f.text));
	return fold(leaf, f.place, f.path);
}

export function batchRoot(p) {
	const line = `entry ${p.sha256} ${p.rootHex}`;
	return fold(leafHash(toUtf8(line)), p.place, p.path);
}

// the hash of the batch as a leaf of the log
export function logLeaf(batchLine) {
	return leafHash(toUtf8(`muniment/batch/v1 ${batchLine}\n`));
}
