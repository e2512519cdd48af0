// proof/exhibit.txt: what is what. Everything is numbered from 1.
import { decimal, fromBase32, fromHex, isTime, need } from "./bytes.js";
import { Lines, numbered, words } from "./lines.js";

const MAX = 9999;	// items, entries, files
const MAX_CHECKPOINTS = 1024; // stamps too
const MAX_LINES = 65536;
const WHO = /^[^\x00-\x1f\x7f-\x9f]{1,511}$/;

export const entryName = (n) => "e" + String(n).padStart(3, "0");

function readHead(lines) {
	lines.is("muniment exhibit 1");
	const made = lines.must("made");
	const by = words(lines.must("by"), 2);
	const vault = lines.must("vault");
	const verifier = lines.must("verifier");
	need(isTime(made) && by[0] === "muniment" &&
		/^[\x21-\x7e]{1,31}$/.test(by[1]), "head of exhibit.txt");
	fromHex(vault, 32);
	return { made, by: by.join(" "), version: by[1], vault,
		verifier: fromHex(verifier, 32) };
}

// all lines of one kind; READ is given the line behind the word
function each(lines, word, max, read) {
	let n = 0;
	for (let v; (v = lines.take(word)) !== null;) {
		need(n++ < max, "too many lines " + word);
		read(v);
	}
}

export function isDevice(name) {
	need(name[0] === "d", "device");
	fromBase32(name.slice(1));
	return name;
}

function readParts(lines, x) {
	const entry = (word) => numbered(word, "e", 3, x.entries.length);
	each(lines, "item", MAX, (v) => {
		const [i, id] = words(v, 2);
		fromHex(id, 16);
		need(decimal(i) === x.items.push({ id }), "item");
	});
	each(lines, "entry", MAX, (v) => {
		const [e, kind, device, batch, item] = words(v, 5);
		need(/^[a-z0-9_]{1,64}$/.test(kind), "kind");
		const n = x.entries.push({ name: e, kind,
			device: isDevice(device), batch: decimal(batch),
			item: decimal(item), opened: false, original: 0 });
		const it = x.entries[n - 1];
		need(numbered(e, "e", 3, MAX) === n && it.batch > 0 &&
			it.item <= x.items.length, "entry");
	});
	let last = 0;
	each(lines, "opened", MAX, (v) => {
		const e = entry(words(v, 1)[0]);
		need(e > last, "opened");
		x.entries[(last = e) - 1].opened = true;
	});
	each(lines, "file", MAX, (v) => {
		const [path, e, n] = words(v, 3);
		const before = x.files[x.files.length - 1];
		need(/^data\/[0-9]{4}\.[a-z0-9]{1,8}$/.test(path), "file");
		need(!before || before.path.slice(0, 9) < path.slice(0, 9),
			"file");
		const file = { path, entry: entry(e), n: decimal(n) };
		need(file.n > 0 && file.n <= 65536, "file");
		x.files.push(file);
	});
	last = 0;
	each(lines, "original", MAX, (v) => {
		const [e, o] = words(v, 2).map(entry);
		need(e > last && e !== o, "original");
		x.entries[(last = e) - 1].original = o;
	});
}

function readProofs(lines, x) {
	const entry = (word) => numbered(word, "e", 3, x.entries.length);
	each(lines, "checkpoint", MAX_CHECKPOINTS, (v) => {
		const [c, device, size] = words(v, 3);
		const n = x.checkpoints.push({ name: c,
			device: isDevice(device), size: decimal(size) });
		need(numbered(c, "c", 1, MAX_CHECKPOINTS) === n &&
			x.checkpoints[n - 1].size > 0, "checkpoint");
	});
	let at = [0, 0];
	each(lines, "stamp", MAX_LINES, (v) => {
		const w = words(v, 2);
		const t = numbered(w[0], "t", 1, MAX_CHECKPOINTS);
		const c = numbered(w[1], "c", 1, x.checkpoints.length);
		need(t === at[0] + 1 || t === at[0] && c > at[1], "stamp");
		if (t > at[0]) x.stamps.push({ name: w[0], checkpoints: [] });
		x.stamps[t - 1].checkpoints.push(c);
		at = [t, c];
	});
	at = [0, 0];
	each(lines, "earlier", MAX_LINES, (v) => {
		const [a, b] = words(v, 2).map(entry);
		need(a !== b && (a > at[0] || a === at[0] && b > at[1]),
			"earlier");
		x.earlier.push({ entry: a, before: b });
		at = [a, b];
	});
	let key = "";
	each(lines, "witness", MAX_LINES, (v) => {
		const [name, who] = words(v, 2, true);
		need(/^[\x21-\x7e]{1,255}$/.test(name) && name > key &&
			WHO.test(who) && who.trim() === who, "witness");
		x.witnesses.set(key = name, who);
	});
}

export function readIndex(bytes) {
	need(bytes.length <= 8 << 20, "too long");
	const lines = new Lines(bytes);
	const x = { ...readHead(lines), items: [], entries: [], files: [],
		checkpoints: [], stamps: [], earlier: [],
		witnesses: new Map() };
	readParts(lines, x);
	readProofs(lines, x);
	lines.end();
	need(x.items.length > 0 && x.entries.length > 0 &&
		x.checkpoints.length > 0, "empty");
	return x;
}
