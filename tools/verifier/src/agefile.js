// An opened entry: age, zstd frames of one tar member each, entry.json.
import { Decrypter } from "age-encryption";
import { decompress } from "fzstd";
import { equal, fromHex, fromUtf8, need, toUtf8 } from "./bytes.js";
import { fieldsOf, readObject } from "./canon.js";
import { hmacSha256, leafHash, paddedRoot } from "./merkle.js";

const MAX_FILE = 2 << 20, MAX_TAR = 4 << 20, MAX_JSON = 1 << 20;
const MAX_WINDOW = 8 << 20;
const HEADER = new RegExp("^age-encryption\\.org/v1\\n" +
	"-> X25519 [A-Za-z0-9+/]{43}\\n[A-Za-z0-9+/]{43}\\n" +
	"--- [A-Za-z0-9+/]{43}\\n");

function isPadme(n) {
	const e = Math.floor(Math.log2(n));
	const s = Math.floor(Math.log2(e)) + 1;
	return n % 2 ** (e - s) === 0;
}

async function decrypt(file, keyFile) {
	need(file.length <= MAX_FILE &&
		(file.length === 4096 || file.length > 4096 &&
			isPadme(file.length)), "length of an age file");
	const head = String.fromCharCode(...file.subarray(0, 1024));
	need(HEADER.test(head), "age header");
	const text = fromUtf8(keyFile);
	need(/^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}\n$/.test(text), "age key");
	const d = new Decrypter();
	d.addIdentity(text.trim());
	return d.decrypt(file);
}

// RFC 8878: the size of a data frame that starts at `at`, and of its content
function frame(bytes, at) {
	const view = new DataView(bytes.buffer, bytes.byteOffset);
	const start = at;
	const d = bytes[at + 4];
	const single = d >> 5 & 1, sizeFlag = d >> 6;
	need((d & 8) === 0 && (d & 3) === 0 && (single || sizeFlag > 0),
		"zstd frame");
	at += 5;
	if (!single) {
		const w = 2 ** (10 + (bytes[at] >> 3));
		need(w + w / 8 * (bytes[at] & 7) <= MAX_WINDOW, "window");
		at++;
	}
	const n = [1, 2, 4, 8][sizeFlag];
	let content = 0;
	for (let i = n; i-- > 0;) content = content * 256 + bytes[at + i];
	if (n === 2) content += 256;
	at += n;
	for (let last = 0; !last;) {
		need(at + 3 <= bytes.length, "zstd block");
		const h = view.getUint16(at, true) | bytes[at + 2] << 16;
		last = h & 1;
		need((h >> 1 & 3) !== 3, "zstd block");
		at += 3 + ((h >> 1 & 3) === 1 ? 1 : h >> 3);
	}
	at += d & 4 ? 4 : 0;
	need(at <= bytes.length, "zstd frame");
	return { length: at - start, content };
}

// the frames' contents; behind them nothing but padding
function unpack(bytes) {
	const view = new DataView(bytes.buffer, bytes.byteOffset);
	const parts = [];
	let at = 0, total = 0, padding = false;
	while (at < bytes.length) {
		need(at + 8 <= bytes.length, "zstd");
		const magic = view.getUint32(at, true);
		if (magic === 0x184d2a50) {
			const n = view.getUint32(at + 4, true);
			need(at + 8 + n <= bytes.length, "padding");
			need(bytes.subarray(at + 8, at + 8 + n)
				.every((b) => b === 0), "padding");
			padding = true;
			at += 8 + n;
			continue;
		}
		need(magic === 0xfd2fb528 && !padding, "zstd");
		const f = frame(bytes, at);
		need((total += f.content) <= MAX_TAR && parts.length < 1001,
			"too much");
		const out = decompress(bytes.subarray(at, at + f.length),
			new Uint8Array(f.content));
		need(out.length === f.content, "zstd content");
		parts.push(out);
		at += f.length;
	}
	return parts;
}

// the one header that a member of this name and size has
function tarHeader(name, size) {
	const h = new Uint8Array(512);
	const put = (at, s) => h.set(toUtf8(s), at);
	put(0, name);
	put(100, "0000644");
	put(108, "0000000");
	put(116, "0000000");
	put(124, size.toString(8).padStart(11, "0"));
	put(136, "00000000000");
	put(148, "        0");
	put(257, "ustar\x0000");
	const sum = h.reduce((a, b) => a + b, 0);
	put(148, sum.toString(8).padStart(6, "0") + "\0 ");
	return h;
}

// a member's content; the frame holds header, content, zeros
function member(part, name) {
	need(part.length >= 512, "tar");
	const digits = fromUtf8(part.subarray(124, 135));
	need(/^[0-7]{11}$/.test(digits), "tar");
	const size = parseInt(digits, 8);
	need(equal(part.subarray(0, 512), tarHeader(name, size)) &&
		part.length === 512 + Math.ceil(size / 512) * 512, "tar");
	need(part.subarray(512 + size).every((b) => b === 0), "tar");
	return part.subarray(512, 512 + size);
}

function fieldsRoot(fields, salt) {
	const leaves = [];
	for (const [name, text] of fields)
		leaves.push(leafHash(hmacSha256(salt, toUtf8(name)),
			toUtf8(name), Uint8Array.of(0), toUtf8(text)));
	return paddedRoot(leaves, hmacSha256(salt, new Uint8Array(0)), 3);
}

// Opens one: {json, fields: Map, salt, k, root}. Throws if it is not what an
// entry is.
export async function openEntry(file, keyFile) {
	const parts = unpack(await decrypt(file, keyFile));
	need(parts.length >= 2, "tar");
	const end = parts.pop();
	need(end.length === 1024 && end.every((b) => b === 0), "tar");
	parts.slice(1).forEach((p, i) =>
		member(p, String(i + 1).padStart(4, "0")));
	const bytes = member(parts[0], "entry.json");
	need(bytes.length <= MAX_JSON, "entry.json");
	const json = readObject(bytes);
	need(json.version === 1 && typeof json.salt === "string",
		"entry.json");
	const salt = fromHex(json.salt, 32);
	const fields = fieldsOf(json);
	const { k, root } = fieldsRoot(fields, salt);
	return { json, fields, salt, k, root };
}

// the salt that a field of this name has
export const fieldSalt = (salt, name) => hmacSha256(salt, toUtf8(name));
