// Checks of what is disclosed: `originals`, `fields`, `entries`, `batch`,
// `redaction`.
import { equal, need, toHex } from "./bytes.js";
import { fieldSalt, openEntry } from "./agefile.js";
import { batchRoot, fieldRoot, readProof } from "./exproof.js";
import { attempt } from "./package.js";

const MUST = {
	custody: ["action", "time"],
	retract: ["time"],
	stamp: ["act", "token", "chain", "revocation"],
};

export async function readProofs(c) {
	for (const e of c.index.entries) {
		const path = `proof/${e.name}.proof`;
		const bytes = c.bytes.get(path);
		if (!bytes) c.v.fails("fields", "missing", { path });
		else
			await attempt(c, "fields", path, () => {
				e.proof = readProof(bytes);
			});
		await c.pause();
	}
}

// what stands in exhibit.txt is what the fields say
function checkShown(c, e) {
	const f = e.proof.fields;
	const is = (name, value) => need(f.get(name)?.value === value, name);
	is("kind", e.kind);
	is("vault", c.index.vault);
	is("device", e.device);
	is("batch", e.batch);
	const item = e.item > 0 ? c.index.items[e.item - 1].id : undefined;
	if (e.kind === "record") need(item !== undefined, "item");
	if (["record", "custody", "retract"].includes(e.kind)) is("item", item);
	for (const name of MUST[e.kind] || []) {
		// a list is one field, and an empty one too
		need(f.has(name), name);
	}
}

export async function checkFields(c) {
	let n = 0;
	for (const e of c.index.entries) {
		if (!e.proof) continue;
		for (const f of e.proof.fields.values()) {
			await c.pause();
			n++;
			if (equal(fieldRoot(f), e.proof.root)) continue;
			e.bad = true;
			c.v.fails("fields", "field", { name: f.name,
				entry: e.name });
		}
		if (!await attempt(c, "fields", e.name, () => checkShown(c, e)))
			e.bad = true;
	}
	const ids = new Set(c.index.items.map((i) => i.id));
	if (ids.size !== c.index.items.length)
		c.v.fails("fields", "item_twice");
	if (!c.v.failed("fields")) c.v.holds("fields", "fields", { n });
}

export function checkBatches(c) {
	const seen = new Map();
	let n = 0;
	for (const e of c.index.entries) {
		if (!e.proof) {
			c.v.unknown("batch", "not_read", { entry: e.name });
			continue;
		}
		const key = `${e.device} ${e.batch}`;
		const good = equal(batchRoot(e.proof), e.proof.inner) &&
			(seen.get(key) ?? e.proof.batchLine) ===
				e.proof.batchLine;
		seen.set(key, e.proof.batchLine);
		n++;
		if (good) continue;
		e.bad = true;
		c.v.fails("batch", "batch", { entry: e.name });
	}
	if (!c.v.failed("batch") && n > 0) c.v.holds("batch", "batches", { n });
}

export function checkOriginals(c) {
	for (const file of c.index.files) {
		const e = c.index.entries[file.entry - 1];
		const source = c.pkg.files.get(file.path);
		const hash = c.hashes.get(file.path);
		if (!source || !hash) {
			c.v.fails("originals", "missing", { path: file.path });
			continue;
		}
		const f = e.proof?.fields;
		const shown = f?.get(`files.${file.n}.sha256`)?.value;
		const size = f?.get(`files.${file.n}.size`)?.value;
		if (!f) c.v.fails("originals", "not_read", { entry: e.name });
		else if (shown === undefined || size === undefined ||
			e.kind !== "record")
			c.v.fails("originals", "no_hash", { path: file.path });
		else if (shown !== toHex(hash) || size !== source.size)
			c.v.fails("originals", "other", { path: file.path });
	}
	if (c.index.files.length === 0) c.v.holds("originals", "no_files");
	else if (!c.v.failed("originals"))
		c.v.holds("originals", "originals",
			{ n: c.index.files.length });
}

async function checkOpened(c, e) {
	const age = c.bytes.get(`proof/${e.name}.age`);
	const key = c.bytes.get(`proof/${e.name}.key`);
	need(age && key && e.proof, e.name);
	need(toHex(c.hashes.get(`proof/${e.name}.age`)) === e.proof.sha256,
		"hash of the age file");
	const o = await openEntry(age, key);
	need(o.k === e.proof.fieldsK && equal(o.root, e.proof.root),
		"fields root");
	need(o.fields.size === e.proof.fields.size, "fields shown");
	for (const [name, text] of o.fields) {
		const f = e.proof.fields.get(name);
		need(f && f.text === text &&
			equal(f.salt, fieldSalt(o.salt, name)), name);
	}
	e.json = o.json;
}

export async function checkEntries(c) {
	const opened = c.index.entries.filter((e) => e.opened);
	for (const e of opened) {
		await c.pause();
		if (!await attempt(c, "entries", e.name,
			() => checkOpened(c, e))) e.bad = true;
	}
	if (opened.length === 0) c.v.holds("entries", "none_opened");
	else if (!c.v.failed("entries"))
		c.v.holds("entries", "entries", { n: opened.length });
}

// copies are bound to their originals by the hash of an entry
export function checkRedaction(c) {
	for (const e of c.index.entries) {
		const f = e.proof?.fields;
		if (!f) continue;
		const isCopy = [...f.keys()].some((n) => n.startsWith("original."));
		const hash = f.get("original.entry")?.value;
		const original = c.index.entries[e.original - 1];
		if (!isCopy && e.original === 0) continue;
		if (original && (hash === undefined || !original.proof ||
			original.proof.sha256 !== hash))
			c.v.fails("redaction", "not_of", { entry: e.name,
				original: original.name });
		else if (original)
			c.v.holds("redaction", "of_shown", { entry: e.name,
				original: original.name });
		else if (hash === undefined)
			c.v.unknown("redaction", "bond_withheld",
				{ entry: e.name });
		else if (!/^[0-9a-f]{64}$/.test(hash))
			c.v.fails("redaction", "not_of", { entry: e.name,
				original: "?" });
		else
			c.v.holds("redaction", "of_hidden", { entry: e.name,
				hash });
	}
}

