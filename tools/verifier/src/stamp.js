// proof/tN/: what was stamped, its token, and the tokens that renew it.
import { sha512 } from "@noble/hashes/sha2.js";
import { Malformed, decimal, equal, fromHex,
	need } from "./bytes.js";
import { Lines, nodes, words } from "./lines.js";
import { fold, leafHash } from "./merkle.js";
import { judgeTimestamp } from "./timestamp.js";
import { readCertificate, readCrl, readPem } from "./x509.js";

export const MAX_RENEWALS = 64;

// "muniment/stamp/v1 <k> <root>": {k, root}
export function readStamped(bytes, kind) {
	const lines = new Lines(bytes);
	const [k, root] = words(lines.must(`muniment/${kind}/v1`), 2);
	lines.end();
	const out = { k: decimal(k), root: fromHex(root, 32) };
	need(out.k >= 2 && out.k <= 8, "k");
	return out;
}

export function readPath(bytes) {
	const lines = new Lines(bytes);
	const place = decimal(lines.must("place"));
	const path = nodes(lines, 16);
	lines.end();
	need(path.length >= 4 && path.length % 2 === 0 &&
		place < 2 ** path.length, "path");
	return { place, path };
}

// does `leaf` lie under what was stamped?
export function liesUnder(leaf, pathBytes, stamped) {
	const p = readPath(pathBytes);
	return p.path.length === 2 * stamped.k &&
		equal(fold(leafHash(leaf), p.place, p.path), stamped.root);
}

// the files of a stamp in the order in which renewals list them
export function fileOrder() {
	const out = ["stamp.txt", "token.tsr", "chain.pem", "revocation.pem"];
	for (let n = 1; n <= MAX_RENEWALS; n++)
		for (const end of [".txt", ".tsr", "-chain.pem",
			"-revocation.pem"]) out.push(`renewal-${n}${end}`);
	return out;
}

// renewal-<n>.txt: {entry, files: Map from name to SHA-512}
export function readRenewalList(bytes) {
	const order = fileOrder();
	const lines = new Lines(bytes);
	const files = new Map();
	let entry = null, at = -1;
	while (!lines.done) {
		const [hash, none, path] = words2(lines.next());
		need(none === "", "line");
		const slash = path.indexOf("/");
		const name = path.slice(slash + 1);
		fromHex(path.slice(0, slash), 32);
		entry = entry ?? path.slice(0, slash);
		const place = order.indexOf(name);
		need(entry === path.slice(0, slash) && place > at, "line");
		at = place;
		files.set(name, fromHex(hash, 64));
	}
	need(files.size > 0, "empty");
	return { entry, files };
}

function words2(line) {
	const w = line.split(" ");
	need(w.length === 3, "line");
	return w;
}

export const readChain = (bytes) =>
	bytes ? readPem(bytes, "CERTIFICATE").map(readCertificate) : [];
export const readCrls = (bytes) =>
	bytes ? readPem(bytes, "X509 CRL").map(readCrl) : [];

// One stamp of a package. `get(name)`: bytes of a file of it, or null;
// `trust`: {roots, crls, at}. Gives {status, reason, first, renewals, broken}:
// status is valid, renewed, aged, revoked, refused or unknown; broken is what
// is wrong with the renewals' files.
export async function judgeStamp(get, trust) {
	const tokens = [await readToken("stamp", get("stamp.txt"),
		get("token.tsr"), get("chain.pem"))];
	const judge = (t, at) => judgeTimestamp({ reply: t.reply,
		text: t.text, chain: t.chain, roots: trust.roots,
		crls: trust.crls, at });
	const first = tokens[0].verdict = await judge(tokens[0], trust.at);
	const out = { status: first.status, reason: first.reason, first,
		renewals: [], broken: "" };
	try {
		for (let n = 1; get(`renewal-${n}.tsr`); n++)
			tokens.push(await readRenewal(n, get, tokens));
	} catch (e) {
		out.broken = String(e.message);
		return out;
	}
	for (const t of tokens.slice(1)) {
		t.verdict = await judge(t, trust.at);
		out.renewals.push(t.verdict);
	}
	if (first.status !== "aged") return out;
	for (let n = tokens.length - 1; n > 0; n--)
		if (tokens[n].verdict.status === "valid" &&
			await speaksForFirst(n, tokens, judge))
			out.status = "renewed";
	return out;
}

async function readToken(kind, text, reply, chain) {
	need(text && reply, "stamp");
	readStamped(text, kind);
	return { text, reply, chain: readChain(chain), covers: -1 };
}

async function readRenewal(n, get, before) {
	const name = `renewal-${n}`;
	const t = await readToken("renewal", get(name + ".stamp"),
		get(name + ".tsr"), get(name + "-chain.pem"));
	const text = get(name + ".txt"), path = get(name + ".path");
	need(text && path, name);
	const list = readRenewalList(text);
	t.entry = list.entry;
	need(before.length < 2 || before[1].entry === list.entry, name);
	for (const [file, hash] of list.files) {
		const bytes = get(file);
		need(bytes && equal(sha512(bytes), hash), name + ".txt");
	}
	const wanted = fileOrder().slice(0, 4).filter((f) => get(f));
	need(wanted.every((f) => list.files.has(f)), name + ".txt");
	if (!liesUnder(text, path, readStamped(t.text, "renewal")))
		throw new Malformed(name + ".path");
	t.covers = 0;
	for (let i = n - 1; i > 0 && t.covers === 0; i--)
		if (list.files.has(`renewal-${i}.tsr`)) t.covers = i;
	return t;
}

// was each token before the n-th valid when the next one was made?
async function speaksForFirst(n, tokens, judge) {
	while (n > 0) {
		const before = tokens[n].covers;
		const v = await judge(tokens[before], tokens[n].verdict.time);
		if (v.status !== "valid") return false;
		n = before;
	}
	return true;
}

