// SSHSIG signatures (OpenSSH PROTOCOL.sshsig) by Ed25519 keys, in the one
// form that ssh-keygen writes; SSH key lines and their fingerprints.
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { concat, equal, fromBase64, fromUtf8, need, toBase64,
	toUtf8 } from "./bytes.js";
import { verifyEd25519 } from "./note.js";

const BEGIN = "-----BEGIN SSH SIGNATURE-----\n";
const END = "-----END SSH SIGNATURE-----\n";
const TYPE = "ssh-ed25519";

function string(bytes) {
	const n = new Uint8Array(4);
	new DataView(n.buffer).setUint32(0, bytes.length);
	return concat(n, bytes);
}

const keyBlob = (key) => concat(string(toUtf8(TYPE)), string(key));
const namespaced = (namespace, ...rest) => concat(toUtf8("SSHSIG"), ...rest,
	string(toUtf8(namespace)), string(new Uint8Array(0)),
	string(toUtf8("sha512")));

// the blob in an armor whose lines are 70 characters long
function unarmor(bytes) {
	const text = fromUtf8(bytes);
	need(text.length < 4096 && text.startsWith(BEGIN) &&
		text.endsWith("\n" + END), "armor");
	const body = text.slice(BEGIN.length, -END.length);
	const blob = fromBase64(body.replace(/\n/g, ""));
	const again = toBase64(blob).replace(/.{70}/g, "$&\n");
	need(body === (again.endsWith("\n") ? again : again + "\n"), "armor");
	return blob;
}

// {key, signature}; there is one form only, so its parts stand where they must
export function readSignature(bytes, namespace) {
	const blob = unarmor(bytes);
	const key = blob.subarray(33, 65);
	const signature = blob.subarray(blob.length - 64);
	const again = concat(namespaced(namespace,
		Uint8Array.of(0, 0, 0, 1), string(keyBlob(key))),
		string(concat(string(toUtf8(TYPE)), string(signature))));
	need(equal(again, blob), "signature");
	return { key, signature };
}

export function verifySignature(sig, namespace, message) {
	const signed = concat(namespaced(namespace),
		string(sha512(message)));
	return verifyEd25519(sig.key, signed, sig.signature);
}

export const keyLine = (key) => `${TYPE} ${toBase64(keyBlob(key))}`;

// as ssh-keygen -l prints it
export const fingerprint = (key) =>
	"SHA256:" + toBase64(sha256(keyBlob(key)), false);
