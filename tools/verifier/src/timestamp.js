// One RFC 3161 time stamp, judged against pinned roots.
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { ContentInfo, SignedData, TSTInfo, TimeStampResp } from "pkijs";
import { Malformed, equal, need } from "./bytes.js";
import { HASHES, findChain, isRevoked, isStrongAlgorithm, isStrongKey, parse,
	readCertificate, verifyWith } from "./x509.js";

const MAX_REPLY = 256 << 10;
const DIGEST = { "SHA-256": sha256, "SHA-384": sha384, "SHA-512": sha512 };
const OID = {
	tstInfo: "1.2.840.113549.1.9.16.1.4", contentType: "1.2.840.113549.1.9.3",
	digest: "1.2.840.113549.1.9.4", ess: "1.2.840.113549.1.9.16.2.12",
	ess2: "1.2.840.113549.1.9.16.2.47",
};

class Refused extends Error {}
function check(condition, reason) {
	if (!condition) throw new Refused(reason);
}

function readReply(der) {
	need(der.length <= MAX_REPLY, "too long");
	const reply = new TimeStampResp({ schema: parse(der) });
	const status = reply.status.status;
	check(status === 0 || status === 1, "status");
	const token = reply.timeStampToken;
	need(token && token.contentType === ContentInfo.SIGNED_DATA, "token");
	const signed = new SignedData({ schema: token.content });
	need(signed.encapContentInfo.eContentType === OID.tstInfo &&
		signed.encapContentInfo.eContent, "content");
	const bytes = new Uint8Array(
		signed.encapContentInfo.eContent.getValue());
	return { signed, bytes, info: new TSTInfo({ schema: parse(bytes) }) };
}

function readAccuracy(a) {
	if (!a) return -1;
	return (a.seconds || 0) * 1000000 + (a.millis || 0) * 1000 +
		(a.micros || 0);
}

// what the token states; its imprint must be that of `text`, if there is one
function readInfo(info, text, out) {
	need(info.version === 1, "version");
	check(!(info.extensions || []).some((e) => e.critical), "form");
	out.time = Math.ceil(info.genTime.getTime() / 1000);
	need(out.time > 0, "time");
	out.accuracy = readAccuracy(info.accuracy);
	out.policy = info.policy;
	const hash = HASHES[info.messageImprint.hashAlgorithm.algorithmId];
	check(hash, "hash");
	const imprint = info.messageImprint.hashedMessage.valueBlock.valueHexView;
	check(text === null || equal(DIGEST[hash](text), imprint), "imprint");
}

const attribute = (si, oid) => {
	const all = si.signedAttrs.attributes.filter((a) => a.type === oid);
	check(all.length <= 1 && (!all[0] || all[0].values.length === 1),
		"signature");
	return all[0]?.values[0];
};

// The certificate that the signed attributes name. SHA-1 may stand there: the
// chain does not rest on it.
async function isNamed(si, der) {
	const v2 = attribute(si, OID.ess2), v1 = attribute(si, OID.ess);
	const id = (v2 || v1)?.valueBlock.value[0]?.valueBlock.value[0]
		?.valueBlock.value;
	if (!id) return false;
	let hash = v2 ? "SHA-256" : "SHA-1", at = 0;
	if (v2 && id[0].idBlock.tagNumber === 16) {
		hash = HASHES[id[0].valueBlock.value[0].valueBlock.toString()];
		at = 1;
	}
	if (!hash) return false;
	const digest = hash === "SHA-1"
		? new Uint8Array(await crypto.subtle.digest(hash, der))
		: DIGEST[hash](der);
	return equal(digest, id[at].valueBlock.valueHexView);
}

// the signer's certificate, and that the signature is his
async function checkSigner(signed, bytes, certs) {
	need(signed.signerInfos.length === 1, "signers");
	const si = signed.signerInfos[0];
	const sid = si.sid;
	const signer = certs.find((c) => sid.serialNumber &&
		c.cert.serialNumber.isEqual(sid.serialNumber) &&
		c.cert.issuer.isEqual(sid.issuer));
	check(signer, "signer");
	const hashOid = si.digestAlgorithm.algorithmId;
	check(hashOid in HASHES &&
		isStrongAlgorithm(si.signatureAlgorithm, hashOid), "weak");
	check(isStrongKey(signer.key), "weak");
	check(si.signedAttrs, "signature");
	const type = attribute(si, OID.contentType);
	const digest = attribute(si, OID.digest);
	check(type?.valueBlock.toString() === OID.tstInfo && digest &&
		equal(DIGEST[HASHES[hashOid]](bytes),
			digest.valueBlock.valueHexView), "signature");
	check(await verifyWith(signer.key, si.signedAttrs.encodedValue,
		si.signature, si.signatureAlgorithm, HASHES[hashOid]),
		"signature");
	return { si, signer };
}

function ownCertificates(signed) {
	const out = [];
	for (const c of signed.certificates || [])
		if (c.tbsView) out.push(readCertificate(
			new Uint8Array(c.toSchema().toBER())));
	return out;
}

async function judge(c, out) {
	const { signed, bytes, info } = readReply(c.reply);
	readInfo(info, c.text, out);
	const certs = [...c.chain, ...ownCertificates(signed)];
	const { si, signer } = await checkSigner(signed, bytes, certs);
	out.authority = signer.subject;
	const then = await findChain(signer, certs, c.roots, out.time);
	check(!then.why, then.why);
	check(!then.chain.some((x) => x.constrained), "constraints");
	check(await isNamed(si, signer.der), "named");
	const root = then.chain[then.chain.length - 1];
	out.root = { subject: root.subject, hash: root.hash };
	out.until = Math.min(...then.chain.map((x) => x.notAfter));
	if (await isRevoked(then.chain, c.crls, out.time)) {
		out.status = "revoked";
		return;
	}
	const at = Math.max(c.at, out.time);
	const now = await findChain(signer, certs, c.roots, at);
	check(!now.why || now.why === "time", now.why);
	out.status = now.why ? "aged" : "valid";
}

// Judge one: {reply: DER, text: bytes or null, chain, roots: certificates,
// crls, at: POSIX seconds}. Gives {status: valid, aged, revoked, refused or
// unknown, reason, time, accuracy, policy, authority, root, until}.
export async function judgeTimestamp(c) {
	const out = { status: "refused", reason: "", time: 0, accuracy: -1,
		authority: "" };
	if (!globalThis.crypto?.subtle)
		return { ...out, status: "unknown", reason: "browser" };
	try {
		await judge(c, out);
	} catch (e) {
		out.reason = e instanceof Refused ? e.message : "form";
		if (out.reason === "constraints") out.status = "unknown";
		if (!(e instanceof Refused) && !(e instanceof Malformed))
			out.detail = String(e.message).slice(0, 200);
	}
	return out;
}

