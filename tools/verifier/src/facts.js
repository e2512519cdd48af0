// What a reader wants to see beside the verdicts: what this package is, what
// its items say, and the four lines of time, which are never merged.
import { toHex } from "./bytes.js";
import { noLaterOf } from "./cover.js";

const value = (e, name) => e.proof?.fields.get(name)?.value;

// the source's own claims of time
function claims(e) {
	const out = [];
	for (const [name, f] of e.proof?.fields || [])
		if (/\.modified$|^fields\.(.*\.)?(date|time|when)[a-z_]*$/.test(name))
			out.push({ name, value: String(f.value) });
	return out;
}

function itemFacts(c, item, i) {
	const own = c.index.entries.map((e, n) => ({ e, n: n + 1 }))
		.filter(({ e }) => e.item === i + 1);
	const records = own.filter(({ e }) => e.kind === "record");
	return {
		number: i + 1, id: item.id,
		records: records.map(({ e, n }) => ({
			name: e.name, opened: e.opened,
			fields: [...e.proof?.fields.values() || []].map((f) =>
				({ name: f.name, value: f.value })),
			claims: claims(e), deviceTime: value(e, "time"),
			noLater: noLaterOf(c, e),
			noEarlier: c.index.earlier.filter((x) => x.entry === n)
				.map((x) => c.index.entries[x.before - 1].stampTime)
				.filter((t) => t),
			files: c.index.files.filter((f) => f.entry === n)
				.map((f) => fileFacts(c, e, f)),
		})),
		custody: own.filter(({ e }) => ["custody", "retract"].includes(e.kind))
			.map(({ e }) => ({ name: e.name,
				action: e.kind === "retract" ? "retracted"
					: value(e, "action"),
				time: value(e, "time") })),
	};
}

function fileFacts(c, e, f) {
	const hash = c.hashes.get(f.path);
	const sha256 = hash ? toHex(hash) : "";
	return { path: f.path, sha256,
		good: value(e, `files.${f.n}.sha256`) === sha256,
		size: c.pkg.files.get(f.path)?.size ?? 0,
		name: value(e, `files.${f.n}.name`),
		type: value(e, `files.${f.n}.media_type`) };
}

export function gatherFacts(c) {
	const manifest = c.hashes.get("manifest-sha256.txt");
	const seal = c.hashes.get("tagmanifest-sha256.txt");
	const page = c.hashes.get("VERIFY.html");
	const out = { folder: c.pkg.folder, files: c.pkg.files.size,
		id: manifest ? toHex(manifest).slice(0, 32) : "",
		manifest: manifest ? toHex(manifest) : "",
		package: seal ? toHex(seal) : "",
		verifier: page ? toHex(page) : "",
		seal: c.facts.seal || "", roots: c.facts.roots, items: [] };
	if (!c.index) return out;
	out.made = c.index.made;
	out.by = c.index.by;
	out.vault = c.index.vault;
	out.items = c.index.items.map((item, i) => itemFacts(c, item, i));
	return out;
}
