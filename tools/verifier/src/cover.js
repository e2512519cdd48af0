// Which stamps and countersignatures speak for an item: those over a
// checkpoint under which one of its records is proven that states the files
// shown of it (any record, if none is). What is said of another version, or of
// a note about the item, says nothing about these files.

// files in data/ of one item (a number from 1), as "<SHA-256> <size>"
function shownFiles(c, item) {
	const out = new Set();
	for (const f of c.index.files) {
		const e = c.index.entries[f.entry - 1];
		const size = c.pkg.files.get(f.path)?.size;
		const hash = c.hashes.get(f.path);
		if (e.item === item && hash)
			out.add(`${[...hash].map((b) =>
				b.toString(16).padStart(2, "0")).join("")} ${size}`);
	}
	return out;
}

function statesOne(e, files) {
	const f = e.proof.fields;
	for (const name of f.keys()) {
		const m = /^files\.(\d+)\.sha256$/.exec(name);
		if (m && files.has(`${f.get(name).value} ` +
			f.get(`files.${m[1]}.size`)?.value)) return true;
	}
	return false;
}

// does this entry's place in time count for its item?
export function counts(c, e) {
	if (e.kind !== "record" || e.bad || !e.proof) return false;
	const hasFiles = c.index.files.some((f) =>
		c.index.entries[f.entry - 1].item === e.item);
	return !hasFiles || statesOne(e, shownFiles(c, e.item));
}

// what was found of one entry, by time
export function noLaterOf(c, e) {
	if (!counts(c, e)) return [];
	const points = c.tlogs.filter((t) => t.entry === e && t.good)
		.map((t) => t.checkpoint);
	return c.facts.noLater.filter((n) =>
		(n.checkpoints || [n.checkpoint]).some((p) => points.includes(p)))
		.sort((a, b) => a.seconds - b.seconds);
}

// does any of this kind speak for anything that is shown?
export const coversAny = (c, kind) => c.index.entries.some((e) =>
	noLaterOf(c, e).some((n) => n.kind === kind));
