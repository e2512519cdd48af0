// Checks `stamps` and `renewals`, and the tokens of `earlier` entries.
import { fromBase64, need } from "./bytes.js";
import { coversAny } from "./cover.js";
import { attempt } from "./package.js";
import { judgeStamp, liesUnder, readChain, readCrls, readStamped } from "./stamp.js";
import { judgeTimestamp } from "./timestamp.js";
import { readCertificate, readCrl } from "./x509.js";

const CLOCK_SLACK = 300; // seconds by which two authorities may differ
const iso = (seconds) => new Date(seconds * 1000).toISOString()
	.replace(".000Z", "Z");

function gatherRoots(c) {
	c.roots = readChain(c.bytes.get("proof/roots.pem"));
	need(c.roots.length > 0, "roots.pem");
	c.facts.roots = c.roots.map((r) => ({ subject: r.subject,
		hash: r.hash, until: r.notAfter }));
}

function say(c, check, name, verdict) {
	const args = { stamp: name, time: verdict.time ? iso(verdict.time) : "?",
		authority: verdict.authority || "?", until:
		verdict.until ? iso(verdict.until) : "?" };
	const { status, reason } = verdict;
	if (status === "valid" || status === "renewed")
		c.v.holds(check, "stamp_" + status, args);
	else if (status === "aged") c.v.unknown(check, "stamp_aged", args);
	else if (status === "unknown")
		c.v.unknown(check, "stamp_" + (reason || "unknown"), args);
	else if (status === "revoked") c.v.fails(check, "stamp_revoked", args);
	else c.v.fails(check, "stamp_" + reason, args);
}

async function checkOne(c, s, crls) {
	const get = (name) => c.bytes.get(`proof/${s.name}/${name}`) || null;
	const stamped = readStamped(get("stamp.txt"), "stamp");
	for (const n of s.checkpoints) {
		const p = c.index.checkpoints[n - 1];
		need(p.bytes && liesUnder(p.bytes, get(`c${n}.path`), stamped),
			`c${n}.path`);
	}
	const r = await judgeStamp(get, { roots: c.roots, crls, at: c.now });
	say(c, "stamps", s.name, { ...r.first, status: r.status });
	if (r.broken)
		c.v.fails("renewals", "form", { what: s.name, why: r.broken });
	const word = ["valid", "renewed"].includes(r.status);
	r.renewals.forEach((v, i) => say(c, "renewals", `${s.name}/${i + 1}`, v));
	if (word || r.status === "aged")
		c.facts.noLater.push({ kind: "stamp", status: r.status,
			who: r.first.authority, seconds: r.first.time,
			accuracy: r.first.accuracy, policy: r.first.policy,
			checkpoints: s.checkpoints.map((n) =>
				c.index.checkpoints[n - 1]) });
}

// the token of an entry that stood in the log before; what it answers is not
// here
async function checkEarlier(c, before, crls) {
	const f = before.proof.fields;
	const list = (name) => (f.get(name).value || []).map(fromBase64);
	need(f.get("act").value === "token", "act");
	const verdict = await judgeTimestamp({
		reply: fromBase64(f.get("token").value), text: null,
		chain: list("chain").map(readCertificate), roots: c.roots,
		crls: [...crls, ...list("revocation").map(readCrl)],
		at: c.now });
	say(c, "stamps", before.name, verdict);
	if (["valid", "aged"].includes(verdict.status))
		before.stampTime = verdict;
}

// what a checkpoint covers a token of cannot have been stamped before it
function checkOrder(c, before) {
	if (!before.stampTime) return;
	const points = c.tlogs.filter((t) => t.entry === before && t.good)
		.map((t) => t.checkpoint);
	for (const n of c.facts.noLater)
		if (n.kind === "stamp" &&
			n.checkpoints.some((p) => points.includes(p)) &&
			n.seconds < before.stampTime.time - CLOCK_SLACK)
			c.v.fails("stamps", "before_itself", { entry: before.name,
				who: n.who });
}

export async function checkStamps(c) {
	const x = c.index;
	if (x.stamps.length === 0) c.v.unknown("stamps", "no_stamp");
	if (x.stamps.length === 0 && x.earlier.length === 0) return;
	if (!await attempt(c, "stamps", "proof/roots.pem",
		() => gatherRoots(c))) return;
	const crls = [];
	for (const [path, bytes] of c.bytes)
		if (path.endsWith("revocation.pem"))
			await attempt(c, "stamps", path, () =>
				void crls.push(...readCrls(bytes)));
	for (const s of x.stamps) {
		await c.pause();
		await attempt(c, "stamps", s.name, () => checkOne(c, s, crls));
	}
	for (const n of new Set(x.earlier.map((e) => e.before))) {
		const e = x.entries[n - 1];
		await attempt(c, "stamps", e.name, () =>
			checkEarlier(c, e, crls));
		checkOrder(c, e);
	}
	if (x.stamps.length > 0 && !coversAny(c, "stamp"))
		c.v.unknown("stamps", "covers_nothing");
}
