// Bytes as text and back, each strictly in one form. A reader that is given
// anything else throws Malformed.

export class Malformed extends Error {}

export function need(condition, what) {
	if (!condition) throw new Malformed(what);
}

const DIGITS = "0123456789abcdef";

export function toHex(bytes) {
	let s = "";
	for (const b of bytes) s += DIGITS[b >> 4] + DIGITS[b & 15];
	return s;
}

// `len` bytes from lower-case digits
export function fromHex(text, len) {
	need(text.length === 2 * len && /^[0-9a-f]*$/.test(text), "hex digits");
	const out = new Uint8Array(len);
	for (let i = 0; i < len; i++)
		out[i] = parseInt(text.substr(2 * i, 2), 16);
	return out;
}

export function toBase64(bytes, padded = true) {
	let s = "";
	for (let i = 0; i < bytes.length; i += 3000)
		s += String.fromCharCode(...bytes.subarray(i, i + 3000));
	// 3000 is a multiple of 3, so the parts could be joined either way
	s = btoa(s);
	return padded ? s : s.replace(/=+$/, "");
}

// RFC 4648 with padding, no white space, unused bits zero
export function fromBase64(text) {
	need(text.length % 4 === 0 &&
		/^[A-Za-z0-9+/]*={0,2}$/.test(text), "base64");
	let s;
	try {
		s = atob(text);
	} catch {
		throw new Malformed("base64");
	}
	const out = new Uint8Array(s.length);
	for (let i = 0; i < s.length; i++) out[i] = s.charCodeAt(i);
	need(toBase64(out) === text, "base64");
	return out;
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

// 32 bytes from 52 digits, unused bits zero
export function fromBase32(text) {
	need(/^[a-z2-7]{52}$/.test(text), "base32");
	const out = new Uint8Array(32);
	let bits = 0, value = 0, n = 0;
	for (const c of text) {
		value = (value << 5 | BASE32.indexOf(c)) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = value >> bits & 0xff;
		}
	}
	need((value & ((1 << bits) - 1)) === 0, "base32");
	return out;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function fromUtf8(bytes) {
	try {
		return strict.decode(bytes);
	} catch {
		throw new Malformed("UTF-8");
	}
}

const encoder = new TextEncoder();
export const toUtf8 = (text) => encoder.encode(text);

export function equal(a, b) {
	if (a.length !== b.length) return false;
	for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
	return true;
}

// byte order: below 0, 0, above 0
export function compare(a, b) {
	const n = Math.min(a.length, b.length);
	for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] - b[i];
	return a.length - b.length;
}

export function concat(...parts) {
	let n = 0;
	for (const p of parts) n += p.length;
	const out = new Uint8Array(n);
	n = 0;
	for (const p of parts) {
		out.set(p, n);
		n += p.length;
	}
	return out;
}

// a decimal without leading zeros, at most 2^53-1
export function decimal(text) {
	need(/^(0|[1-9][0-9]{0,15})$/.test(text), "number");
	const n = Number(text);
	need(Number.isSafeInteger(n), "number");
	return n;
}

// YYYY-MM-DDTHH:MM:SSZ with each part in its range
export function isTime(text) {
	const m = /^\d{4}-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$/.exec(text);
	if (!m) return false;
	const [month, day, hour, minute, second] = m.slice(1).map(Number);
	return month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
		hour <= 23 && minute <= 59 && second <= 59;
}
