// Checks of the logs: `log`, `checkpoint`, `cosignatures`, `count`.
import { Malformed, decimal, equal, fromHex, fromUtf8, need, toHex,
	toUtf8 } from "./bytes.js";
import { isDevice } from "./exindex.js";
import { logLeaf } from "./exproof.js";
import { words } from "./lines.js";
import { included, leafHash, paddedRoot, treeRoot } from "./merkle.js";
import { cosignatures, deviceKeyLine, readCheckpoint, readNote,
	readTlogProof, signedByDevice } from "./note.js";
import { coversAny } from "./cover.js";
import { attempt } from "./package.js";
import { fingerprint } from "./sshsig.js";

const originOf = (c, device) => `muniment/${c.index.vault}/${device}`;

export async function checkCheckpoints(c) {
	for (const p of c.index.checkpoints) {
		await c.pause();
		await attempt(c, "checkpoint", p.name, () => {
			p.bytes = c.bytes.get(`proof/${p.name}.checkpoint`);
			const origin = originOf(c, p.device);
			const note = readNote(p.bytes);
			const point = readCheckpoint(note.text);
			need(point.origin === origin && point.size === p.size &&
				note.signatures.length === 1, "checkpoint");
			if (!signedByDevice(note, origin, p.device)) {
				c.v.fails("checkpoint", "checkpoint_signature",
					{ checkpoint: p.name });
				return;
			}
			p.note = note;
			p.root = point.root;
			const line = deviceKeyLine(origin, p.device);
			need(c.policy?.logs.some((k) => k.text === line),
				"policy.txt");
		});
	}
	if (c.policy) await attempt(c, "checkpoint", "proof/policy.txt", () => {
		const devices = new Set(c.index.checkpoints.map((p) => p.device));
		need(c.policy.logs.length === devices.size, "logs");
	});
	await checkEarlier(c);
	if (!c.v.failed("checkpoint"))
		c.v.holds("checkpoint", "checkpoints",
			{ n: c.index.checkpoints.length });
}

// an `earlier` entry stands below the other in the same log
async function checkEarlier(c) {
	for (const { entry, before } of c.index.earlier) {
		const a = c.index.entries[entry - 1];
		const b = c.index.entries[before - 1];
		const of = (e) => c.tlogs.filter((t) => t.entry === e)
			.map((t) => t.checkpoint);
		await attempt(c, "log", b.name, () => {
			need(b.kind === "stamp" && a.device === b.device &&
				b.batch < a.batch, "earlier");
			const own = of(a);
			need(of(b).some((p) => own.includes(p)), "earlier");
		});
	}
}

// its note is the checkpoint, and all proofs of one have the same lines
function takeNote(p, note) {
	const [own, ...rest] = note.signatures.map(signatureText);
	need(note.text === p.note.text &&
		own === signatureText(p.note.signatures[0]), "checkpoint");
	need((p.cosigned ?? rest.join()) === rest.join(),
		"cosignatures differ");
	p.cosigned = rest.join();
	p.full = note;
}

export async function checkLog(c) {
	for (const t of c.tlogs) {
		const { entry: e, checkpoint: p } = t;
		await c.pause();
		if (!e.proof || !p.note) {
			c.v.unknown("log", "not_read",
				{ entry: e.proof ? p.name : e.name });
			continue;
		}
		await attempt(c, "log", t.path, () => {
			const proof = readTlogProof(c.bytes.get(t.path));
			takeNote(p, proof.note);
			need(p.device === e.device &&
				proof.index === e.batch - 1, "index");
			need(included(logLeaf(e.proof.batchLine), proof.index,
				p.size, proof.path, p.root), "path");
			t.good = true;
		});
	}
	for (const e of c.index.entries)
		if (!c.tlogs.some((t) => t.entry === e))
			c.v.fails("log", "in_no_log", { entry: e.name });
	for (const p of c.index.checkpoints)
		if (!c.tlogs.some((t) => t.checkpoint === p))
			c.v.unknown("log", "unused", { checkpoint: p.name });
	if (!c.v.failed("log")) c.v.holds("log", "log", { n: c.tlogs.length });
}

const signatureText = (s) =>
	`${s.name} ${toHex(s.id)} ${toHex(s.bytes)}`;

export async function checkCosignatures(c) {
	const said = new Set();
	for (const p of c.index.checkpoints) {
		if (!p.full || !c.policy) continue;
		await c.pause();
		for (const s of cosignatures(p.full, c.policy.witnesses)) {
			const name = s.witness.name;
			const who = c.index.witnesses.get(name) || name;
			said.add(name);
			const args = { who, checkpoint: p.name, time:
				s.good ? new Date(s.seconds * 1000).toISOString()
				: "?" };
			if (!s.good) {
				c.v.fails("cosignatures", "cosignature", args);
				continue;
			}
			// who sealed the package is no witness of it
			if (fingerprint(s.witness.key) === c.facts.seal) {
				c.v.unknown("cosignatures", "own", args);
				continue;
			}
			c.v.holds("cosignatures", "cosigned", args);
			c.facts.noLater.push({ kind: "cosignature", who,
				key: name, seconds: s.seconds, checkpoint: p });
		}
		const known = c.policy.witnesses.map((w) => w.name);
		for (const s of p.full.signatures.slice(1))
			if (!known.includes(s.name))
				c.v.unknown("cosignatures", "not_known",
					{ who: s.name });
	}
	// whose lines could not be read may have said something
	const all = c.index.checkpoints.every((p) => p.full) && c.policy;
	for (const name of new Set([...c.index.witnesses.keys(),
		...(c.policy?.witnesses || []).map((w) => w.name)]))
		if (!said.has(name))
			c.v.say("cosignatures", all ? "fails" : "unknown",
				"no_such", { who: name });
	if (said.size === 0) c.v.unknown("cosignatures", "nobody");
	else if (!coversAny(c, "cosignature"))
		c.v.unknown("cosignatures", "covers_nothing");
}

// one batch file: its hash as a leaf of the log; counts what it names
function readBatch(text, counted) {
	const lines = text.split("\n");
	need(lines.pop() === "" && lines.length <= 1025, "batch");
	const leaves = [];
	let pads = null, last = "";
	for (const line of lines) {
		need(/^[a-z]+ [\x20-\x7e]+$/.test(line) && last < line, "batch");
		last = line;
		const [word, ...rest] = line.split(" ");
		if (word === "pads") {
			need(pads === null && rest.length === 1, "pads");
			pads = fromHex(rest[0], 32);
			continue;
		}
		leaves.push(leafHash(toUtf8(line)));
		if (word === "entry" || word === "object") {
			fromHex(rest[0], 32);
			counted[word].add(rest[0]);
		} else if (word === "seen") {
			counted.seen.push([isDevice(rest[0]), decimal(rest[1]),
				rest[2]]);
		}
	}
	need(pads !== null, "pads");
	const { k, root } = paddedRoot(leaves, pads, 2);
	return { line: `${k} ${toHex(root)}`,
		leaf: logLeaf(`${k} ${toHex(root)}`) };
}

async function readBatches(c, bytes, counted) {
	const log = { leaves: [], lines: [] };
	for (let at = 0; at < bytes.length;) {
		const lf = bytes.indexOf(10, at);
		need(lf > 0 && lf - at < 40, "batch line");
		const [word, n, size] = words(fromUtf8(bytes.subarray(at, lf)), 3);
		at = lf + 1;
		need(word === "batch" && decimal(n) === log.leaves.length + 1 &&
			decimal(size) <= 256 << 10 &&
			at + decimal(size) <= bytes.length, "batch line");
		const b = readBatch(fromUtf8(bytes.subarray(at,
			at + decimal(size))), counted);
		log.leaves.push(b.leaf);
		log.lines.push(b.line);
		at += decimal(size);
		await c.pause();
	}
	need(log.leaves.length > 0, "no batch");
	return log;
}

async function readLog(c, name, counted) {
	const device = isDevice(name.split(".")[0]);
	need(/^d[a-z2-7]{52}(\.[0-9a-f]{32})?$/.test(name), "name");
	const note = readNote(c.bytes.get(`count/${name}.checkpoint`));
	const point = readCheckpoint(note.text);
	const log = await readBatches(c, c.bytes.get(`count/${name}.batches`),
		counted);
	const origin = originOf(c, device);
	need(note.signatures.length === 1 && point.origin === origin &&
		signedByDevice(note, origin, device), "checkpoint");
	need(log.leaves.length === point.size &&
		equal(treeRoot(log.leaves), point.root), "root");
	return { ...log, device };
}

const holdsState = (logs, device, size, root) => logs.some((l) =>
	l.device === device && l.leaves.length >= size &&
	equal(treeRoot(l.leaves.slice(0, size)), root));

export async function checkCount(c) {
	const files = [...c.pkg.files.keys()].filter((p) =>
		p.startsWith("count/"));
	if (files.length === 0) return;
	const counted = { entry: new Set(), object: new Set(), seen: [] };
	const logs = [];
	const names = new Set(files.map((p) =>
		p.slice(6).replace(/\.(checkpoint|batches)$/, "")));
	for (const name of names)
		await attempt(c, "count", name, async () => {
			logs.push(await readLog(c, name, counted));
		});
	await attempt(c, "count", "count/", async () => {
		for (const p of c.index.checkpoints)
			need(p.root && holdsState(logs, p.device, p.size, p.root),
				p.name);
		const done = new Set();
		for (const [device, size, root] of counted.seen) {
			await c.pause();
			const key = `${device} ${size} ${root}`;
			if (done.has(key)) continue;
			done.add(key);
			if (!holdsState(logs, device, size, fromHex(root, 32)))
				throw new Malformed("a log is not whole");
		}
	});
	if (!c.v.failed("count"))
		c.v.holds("count", "count", { logs: logs.length,
			entries: counted.entry.size,
			objects: counted.object.size });
}

