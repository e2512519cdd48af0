// C2SP signed notes, checkpoints, cosignatures, tlog-proofs, policies.
import { ed25519 } from "@noble/curves/ed25519.js";
import { concat, decimal, equal, fromBase32, fromBase64, fromHex, fromUtf8,
	need, toBase64, toHex, toUtf8 } from "./bytes.js";
import { Lines, words } from "./lines.js";
import { sha256 } from "./merkle.js";

const SIGNATURE = 1, COSIGNATURE = 4; // C2SP signature types
const LAST_SECOND = 253402300799n; // 9999-12-31T23:59:59Z
const MAX_NOTE = 256 << 10, MAX_LINES = 32;

function inPrimeOrderGroup(bytes) {
	try {
		const p = ed25519.Point.fromBytes(bytes, false);
		return !p.is0() && p.isTorsionFree();
	} catch {
		return false;
	}
}

// RFC 8032, and key and R canonical and in the prime-order subgroup: then
// all verifiers agree
export function verifyEd25519(key, message, signature) {
	if (signature.length !== 64 || !inPrimeOrderGroup(key) ||
		!inPrimeOrderGroup(signature.subarray(0, 32))) return false;
	try {
		return ed25519.verify(signature, message, key,
			{ zip215: false });
	} catch {
		return false;
	}
}

const keyId = (name, type, key) =>
	sha256(concat(toUtf8(name), Uint8Array.of(10, type), key))
		.subarray(0, 4);

const isKeyName = (name) => name.length <= 255 &&
	/^[\x21-\x2a\x2c-\x7e\u00a1-\uffff]+$/.test(name) &&
	!/\s/u.test(name);

// "<name>+<key id>+<base64 of type and key>"
function readVerifierKey(text, type) {
	const m = /^([^+]+)\+([0-9a-f]{8})\+(.*)$/.exec(text);
	need(m && isKeyName(m[1]), "verifier key");
	const bytes = fromBase64(m[3]);
	need(bytes.length === 33 && bytes[0] === type, "verifier key");
	const k = { name: m[1], key: bytes.subarray(1), text };
	k.id = keyId(k.name, type, k.key);
	need(equal(k.id, fromHex(m[2], 4)), "key id");
	return k;
}

// proof/policy.txt: {logs, witnesses}
export function readPolicy(bytes) {
	const lines = new Lines(bytes);
	const out = { logs: [], witnesses: [] };
	const keys = new Set();
	const take = (list, text, type) => {
		const k = readVerifierKey(text, type);
		const before = list[list.length - 1];
		need(!keys.has(toHex(k.key)) &&
			(!before || before.text < text), "policy");
		keys.add(toHex(k.key));
		list.push(k);
	};
	for (let v; (v = lines.take("log")) !== null;)
		take(out.logs, words(v, 1)[0], SIGNATURE);
	for (let v; (v = lines.take("witness")) !== null;)
		take(out.witnesses, words(v, 2)[1], COSIGNATURE);
	lines.is("quorum none");
	lines.end();
	return out;
}

// {text, signatures: [{name, id, bytes}]}
export function readNote(bytes) {
	need(bytes.length <= MAX_NOTE, "too long");
	const all = fromUtf8(bytes);
	const cut = all.lastIndexOf("\n\n");
	need(cut > 0 && !/[\x00-\x09\x0b-\x1f\x7f]/.test(all), "note");
	const lines = new Lines(toUtf8(all.slice(cut + 2)));
	const signatures = [];
	while (!lines.done) {
		const [dash, name, base64] = words(lines.next(), 3);
		const s = fromBase64(base64);
		need(dash === "—" && isKeyName(name) && s.length > 4 &&
			signatures.length < MAX_LINES, "signature line");
		signatures.push({ name, id: s.subarray(0, 4),
			bytes: s.subarray(4) });
	}
	need(signatures.length > 0, "signature line");
	return { text: all.slice(0, cut + 1), signatures };
}

// the three lines of a checkpoint: {origin, size, root}
export function readCheckpoint(text) {
	const lines = new Lines(toUtf8(text));
	const c = { origin: lines.next(), size: decimal(lines.next()),
		root: fromBase64(lines.next()) };
	lines.end();
	need(c.root.length === 32 && c.size > 0, "checkpoint");
	return c;
}

// did the device whose name this is sign the note, under this origin?
export function signedByDevice(note, origin, device) {
	const key = fromBase32(device.slice(1));
	const id = keyId(origin, SIGNATURE, key);
	const found = note.signatures.filter((s) => s.name === origin &&
		equal(s.id, id));
	return found.length === 1 &&
		verifyEd25519(key, toUtf8(note.text), found[0].bytes);
}

export const deviceKeyLine = (origin, device) => {
	const key = fromBase32(device.slice(1));
	return `${origin}+${toHex(keyId(origin, SIGNATURE, key))}+` +
		toBase64(concat(Uint8Array.of(SIGNATURE), key));
};

// cosignatures by keys of these witnesses: [{witness, seconds, good}]
export function cosignatures(note, witnesses) {
	const out = [];
	for (const s of note.signatures)
		for (const witness of witnesses) {
			if (s.name !== witness.name || !equal(s.id, witness.id))
				continue;
			const view = new DataView(s.bytes.buffer,
				s.bytes.byteOffset, s.bytes.length);
			const time = s.bytes.length === 72
				? view.getBigUint64(0) : 0n;
			const message = `cosignature/v1\ntime ${time}\n` +
				note.text;
			const good = time > 0n && time <= LAST_SECOND &&
				verifyEd25519(witness.key, toUtf8(message),
					s.bytes.subarray(8));
			out.push({ witness, seconds: Number(time), good });
		}
	return out;
}

// {index, path, note}
export function readTlogProof(bytes) {
	need(bytes.length <= MAX_NOTE + 8192, "too long");
	const all = fromUtf8(bytes);
	const cut = all.indexOf("\n\n");
	need(cut > 0, "tlog-proof");
	const lines = new Lines(toUtf8(all.slice(0, cut + 1)));
	lines.is("c2sp.org/tlog-proof@v1");
	const index = decimal(lines.must("index"));
	const path = [];
	while (!lines.done) {
		const node = fromBase64(lines.next());
		need(node.length === 32 && path.length < 64, "node");
		path.push(node);
	}
	return { index, path, note: readNote(toUtf8(all.slice(cut + 2))) };
}
