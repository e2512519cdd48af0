// Checks `package`, `files` and `seal`: the bag, and who sealed it.
import { sha256 } from "@noble/hashes/sha2.js";
import { equal, fromUtf8, need, toHex, toUtf8 } from "./bytes.js";
import { BAGIT, collide, isPath, readInfo, readManifest } from "./bag.js";
import { readIndex } from "./exindex.js";
import { readPolicy } from "./note.js";
import { fingerprint, keyLine, readSignature,
	verifySignature } from "./sshsig.js";

export const NAMESPACE = "muniment-exhibit";
const FIXED = ["00-READ-ME-FIRST.txt", "CERTIFICATE.html", "CERTIFICATE.pdf",
	"VERIFY.html", "COMMANDS.txt", "check-paths.sh", "bagit.txt",
	"bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt",
	"seal.sig", "proof/exhibit.txt", "proof/signers.txt",
	"proof/policy.txt"];
const SIGNERS = /^custodian namespaces="muniment-exhibit" ssh-ed25519 [A-Za-z0-9+/]{68}\n$/;
const NATIVE_LEAST = 1 << 16, NATIVE_MOST = 256 << 20;
const LARGE = 96 << 20;	// bytes of a file of proof/ or count/
const STAMP = new RegExp("^(?:(stamp\\.txt|token\\.tsr|chain\\.pem|" +
	"revocation\\.pem)|c([1-9][0-9]*)\\.path|renewal-([1-9][0-9]?)" +
	"(\\.txt|\\.stamp|\\.path|\\.tsr|-chain\\.pem|-revocation\\.pem))$");

// try DO for what; a throw makes the check fail
export async function attempt(c, check, what, run) {
	try {
		await run();
		return true;
	} catch (e) {
		if (e.name === "Cancelled") throw e;
		c.v.fails(check, "form", { what, why: String(e.message)
			.slice(0, 120) });
		return false;
	}
}

const isHeld = (path) => path.startsWith("proof/") ||
	path.startsWith("count/") || ["bagit.txt", "bag-info.txt", "seal.sig",
	"manifest-sha256.txt", "tagmanifest-sha256.txt"].includes(path);

// The browser's own SHA-256 is several times as fast, but wants the whole
// file at once, and is not everywhere; null if it will not.
async function nativeHash(c, file) {
	if (!file.blob || file.size < NATIVE_LEAST || file.size > NATIVE_MOST ||
		!globalThis.crypto?.subtle) return null;
	try {
		const bytes = await file.blob.arrayBuffer();
		if (bytes.byteLength !== file.size) return null;
		const hash = await crypto.subtle.digest("SHA-256", bytes);
		await c.advance(file.size, file.path);
		return new Uint8Array(hash);
	} catch (e) {
		if (e.name === "Cancelled") throw e;
		return null;
	}
}

// One file in slices: its hash; its bytes too if the checks look into it.
async function readFile(c, file) {
	const native = isHeld(file.path) ? null : await nativeHash(c, file);
	if (native) return native;
	const hash = sha256.create();
	const keep = isHeld(file.path) ? new Uint8Array(file.size) : null;
	let at = 0;
	await file.stream(async (chunk) => {
		hash.update(chunk);
		need(at + chunk.length <= file.size, "length");
		if (keep) keep.set(chunk, at);
		at += chunk.length;
		await c.advance(chunk.length, file.path);
	});
	need(at === file.size, "length");
	if (keep) c.bytes.set(file.path, keep);
	return hash.digest();
}

// Reads all files once.
export async function readFiles(c) {
	const all = [...c.pkg.files.values()];
	c.total = all.reduce((n, f) => n + f.size, 0);
	for (const file of all) {
		// none that is genuine and looked into is as long
		const good = !isHeld(file.path) || file.size <= LARGE;
		try {
			need(good, "too long");
			c.hashes.set(file.path, await readFile(c, file));
		} catch (e) {
			if (e.name === "Cancelled") throw e;
			c.v.fails("package", "unreadable", { path: file.path });
		}
	}
}

function checkNames(c) {
	const paths = [...c.pkg.files.keys()];
	for (const path of paths)
		if (!isPath(path)) c.v.fails("package", "name", { path });
	if (collide(paths)) c.v.fails("package", "case");
	for (const path of FIXED)
		if (!c.pkg.files.has(path))
			c.v.fails("package", "missing", { path });
}

async function checkManifests(c) {
	const listed = new Map();
	for (const name of ["manifest-sha256.txt", "tagmanifest-sha256.txt"]) {
		const bytes = c.bytes.get(name);
		if (!bytes) continue;
		await attempt(c, "package", name, () => {
			for (const [path, hash] of readManifest(bytes)) {
				const isData = path.startsWith("data/");
				need(isData === (name[0] === "m") &&
					!["seal.sig", "tagmanifest-sha256.txt"]
						.includes(path), path);
				listed.set(path, hash);
			}
		});
	}
	for (const path of listed.keys())
		if (!c.pkg.files.has(path))
			c.v.fails("package", "missing", { path });
	for (const path of c.pkg.files.keys())
		if (!listed.has(path) && path !== "seal.sig" &&
			path !== "tagmanifest-sha256.txt")
			c.v.fails("package", "unlisted", { path });
	let wrong = 0;
	for (const [path, hash] of listed) {
		const is = c.hashes.get(path);
		if (is && equal(is, hash)) continue;
		if (!is) continue;
		wrong++;
		c.v.fails("files", "hash", { path, is: toHex(is),
			want: toHex(hash) });
	}
	if (wrong === 0 && listed.size > 0)
		c.v.holds("files", "hashes", { n: listed.size });
}

// every file of proof/ has its line in exhibit.txt, and the other way round
function checkProofFiles(c) {
	const x = c.index;
	const wanted = new Set(["proof/exhibit.txt", "proof/signers.txt",
		"proof/policy.txt"]);
	for (const e of x.entries) {
		wanted.add(`proof/${e.name}.proof`);
		if (e.opened) {
			wanted.add(`proof/${e.name}.age`);
			wanted.add(`proof/${e.name}.key`);
		}
	}
	for (const p of x.checkpoints) wanted.add(`proof/${p.name}.checkpoint`);
	for (const s of x.stamps) {
		wanted.add(`proof/${s.name}/stamp.txt`);
		wanted.add(`proof/${s.name}/token.tsr`);
		for (const n of s.checkpoints)
			wanted.add(`proof/${s.name}/c${n}.path`);
	}
	// one that is missing is named where it is needed
	if (x.stamps.length > 0 || x.earlier.length > 0)
		wanted.add("proof/roots.pem");
	for (const f of x.files) wanted.add(f.path);
	for (const path of c.pkg.files.keys())
		if (!wanted.has(path) && !FIXED.includes(path) &&
			!/^(filing|count)\//.test(path) && !isOther(c, path))
			c.v.fails("package", "no_line", { path });
}

function isOther(c, path) {
	let m = /^proof\/(e\d+)-(c\d+)\.tlog-proof$/.exec(path);
	if (m) {
		const e = c.index.entries.find((y) => y.name === m[1]);
		const p = c.index.checkpoints.find((y) => y.name === m[2]);
		if (e && p) c.tlogs.push({ entry: e, checkpoint: p, path });
		return e !== undefined && p !== undefined;
	}
	m = /^proof\/(t\d+)\/(.*)$/.exec(path);
	if (!m || !c.index.stamps.some((s) => s.name === m[1])) return false;
	const f = STAMP.exec(m[2]);
	// a renewal is whole or not there, and there are no gaps
	const has = (n, end) => c.pkg.files.has(`proof/${m[1]}/renewal-${n}${end}`);
	return f !== null && f[2] === undefined && (f[3] === undefined ||
		Number(f[3]) <= 64 && [".txt", ".stamp", ".path", ".tsr"]
			.every((end) => has(f[3], end)) &&
		(f[3] === "1" || has(Number(f[3]) - 1, ".tsr")));
}

function checkInfo(c) {
	need(fromUtf8(c.bytes.get("bagit.txt")) === BAGIT, "bagit.txt");
	const info = readInfo(c.bytes.get("bag-info.txt"));
	const data = [...c.pkg.files.values()]
		.filter((f) => f.path.startsWith("data/"));
	const manifest = c.hashes.get("manifest-sha256.txt");
	need(info.bytes === data.reduce((n, f) => n + f.size, 0) &&
		info.files === data.length, "Payload-Oxum");
	need(info.id === toHex(manifest).slice(0, 32), "External-Identifier");
	if (!c.index) return;
	need(info.agent === c.index.by && info.date === c.index.made.slice(0, 10),
		"bag-info.txt");
	c.facts.id = info.id;
	const page = c.hashes.get("VERIFY.html");
	need(page && equal(page, c.index.verifier), "verifier");
}

export async function checkPackage(c) {
	checkNames(c);
	if (c.bytes.has("proof/exhibit.txt"))
		await attempt(c, "package", "proof/exhibit.txt", () => {
			c.index = readIndex(c.bytes.get("proof/exhibit.txt"));
		});
	await checkManifests(c);
	if (c.bytes.has("bag-info.txt") && c.bytes.has("bagit.txt") &&
		c.hashes.has("manifest-sha256.txt"))
		await attempt(c, "package", "bag-info.txt", () => checkInfo(c));
	if (c.index) checkProofFiles(c);
	if (c.bytes.has("proof/policy.txt"))
		await attempt(c, "package", "proof/policy.txt", () => {
			c.policy = readPolicy(c.bytes.get("proof/policy.txt"));
		});
	if (c.bytes.has("proof/signers.txt"))
		await attempt(c, "package", "proof/signers.txt", () =>
			need(SIGNERS.test(fromUtf8(
				c.bytes.get("proof/signers.txt"))), "form"));
	if (!c.v.failed("package"))
		c.v.holds("package", "package", { n: c.pkg.files.size });
}

export async function checkSeal(c) {
	const bytes = c.bytes.get("seal.sig");
	const tags = c.bytes.get("tagmanifest-sha256.txt");
	const signers = c.bytes.get("proof/signers.txt");
	if (!bytes || !tags) return c.v.fails("seal", "no_seal");
	return attempt(c, "seal", "seal.sig", () => {
		const sig = readSignature(bytes, NAMESPACE);
		const line = `custodian namespaces="${NAMESPACE}" ` +
			keyLine(sig.key) + "\n";
		if (!verifySignature(sig, NAMESPACE, tags))
			return c.v.fails("seal", "seal_signature");
		if (!signers || !equal(signers, toUtf8(line)))
			return c.v.fails("seal", "signers");
		const key = fingerprint(sig.key);
		c.facts.seal = key;
		return c.v.holds("seal", "sealed_by", { key });
	});
}
