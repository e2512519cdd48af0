// Certificates, revocation lists and the way from one to a pinned root, as
// far as time stamps need it (RFC 5280, RFC 3161). PKI.js reads them and
// checks single signatures; what a chain must be stands here.
import { fromBER } from "asn1js";
import { Certificate, CertificateRevocationList, getCrypto } from "pkijs";
import { equal, fromBase64, fromUtf8, need, toHex } from "./bytes.js";
import { sha256 } from "./merkle.js";

const MAX_LIST = 64, MAX_PEM = 2 << 20;
const OID = {
	basic: "2.5.29.19", usage: "2.5.29.15", extended: "2.5.29.37",
	reason: "2.5.29.21", stamping: "1.3.6.1.5.5.7.3.8",
	nameConstraints: "2.5.29.30", delta: "2.5.29.27",
};
// extensions that may be critical, since they are heeded or do not matter
const KNOWN = new Set(["14", "15", "17", "19", "31", "32", "33", "35", "36",
	"37", "54"].map((n) => "2.5.29." + n));
const NAMES = {
	"2.5.4.3": "CN", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.6": "C",
	"2.5.4.7": "L", "2.5.4.8": "ST",
};
const CURVES = new Set(["1.2.840.10045.3.1.7", "1.3.132.0.34",
	"1.3.132.0.35"]);
// signature algorithms by SHA-2 of at least 256 bits; a hash of its own is
// named beside RSA-PSS and plain RSA
const STRONG = new Set(["1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12",
	"1.2.840.113549.1.1.13", "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3",
	"1.2.840.10045.4.3.4"]);
const PSS = "1.2.840.113549.1.1.10";
export const HASHES = {
	"2.16.840.1.101.3.4.2.1": "SHA-256",
	"2.16.840.1.101.3.4.2.2": "SHA-384",
	"2.16.840.1.101.3.4.2.3": "SHA-512",
};

// the whole of `der` as ASN.1
export function parse(der) {
	const r = fromBER(der.slice().buffer);
	need(r.offset === der.length && !r.result.error, "DER");
	return r.result;
}

// blocks of one label, nothing else around them; a list of DER
export function readPem(bytes, label) {
	need(bytes.length <= MAX_PEM, "too long");
	const begin = `-----BEGIN ${label}-----\n`, end = `-----END ${label}-----\n`;
	let text = fromUtf8(bytes);
	const out = [];
	while (text !== "") {
		const cut = text.indexOf(end);
		need(text.startsWith(begin) && cut > 0 &&
			out.length < MAX_LIST, "PEM");
		out.push(fromBase64(text.slice(begin.length, cut)
			.replace(/\n/g, "")));
		text = text.slice(cut + end.length);
	}
	return out;
}

export const isStrongAlgorithm = (id, hashOid) => STRONG.has(id.algorithmId) ||
	hashOid in HASHES && (id.algorithmId === PSS ||
		id.algorithmId === "1.2.840.113549.1.1.1");

function pssHash(id) {
	try {
		return id.algorithmParams.valueBlock.value[0]
			.valueBlock.value[0].valueBlock.value[0]
			.valueBlock.toString();
	} catch {
		return "";
	}
}

// is this the signature of that key? `hash`: its name, where the algorithm
// does not say it
export async function verifyWith(keyInfo, data, signature, algorithm, hash) {
	try {
		return await getCrypto(true).verifyWithPublicKey(data,
			signature, keyInfo, algorithm, hash);
	} catch {
		return false;
	}
}

export function isStrongKey(info) {
	const id = info.algorithm.algorithmId;
	if (id === "1.2.840.10045.2.1")
		return CURVES.has(info.algorithm.algorithmParams
			?.valueBlock?.toString());
	if (id !== "1.2.840.113549.1.1.1" && id !== PSS) return false;
	const n = info.parsedKey?.modulus?.valueBlock?.valueHexView;
	if (!n) return false;
	let i = 0;
	while (i < n.length && n[i] === 0) i++;
	return (n.length - i) * 8 - Math.clz32(n[i]) + 24 >= 2048;
}

const seconds = (date) => Math.floor(date.getTime() / 1000);

function extension(list, oid) {
	const e = (list || []).filter((x) => x.extnID === oid);
	need(e.length < 2, "extension twice");
	return e[0];
}

// what the page needs of one certificate
export function readCertificate(der) {
	const cert = new Certificate({ schema: parse(der) });
	const c = { der, cert, hash: toHex(sha256(der)),
		notBefore: seconds(cert.notBefore.value),
		notAfter: seconds(cert.notAfter.value),
		subject: readName(cert.subject), key: cert.subjectPublicKeyInfo };
	const get = (oid) => extension(cert.extensions, oid);
	const basic = get(OID.basic)?.parsedValue;
	const usage = get(OID.usage)?.parsedValue?.valueBlock.valueHexView;
	const extended = get(OID.extended);
	c.isSelfIssued = cert.issuer.isEqual(cert.subject);
	c.isCa = basic ? basic.cA === true
		: cert.version === 0 && c.isSelfIssued;
	c.pathLength = typeof basic?.pathLenConstraint === "number"
		? basic.pathLenConstraint : Infinity;
	c.usage = usage ? usage[0] | (usage[1] || 0) << 8 : -1;
	c.stampsOnly = extended?.critical === true &&
		extended.parsedValue?.keyPurposes?.length === 1 &&
		extended.parsedValue.keyPurposes[0] === OID.stamping;
	c.unknown = (cert.extensions || []).some((e) => e.critical &&
		!KNOWN.has(e.extnID));
	c.constrained = get(OID.nameConstraints) !== undefined;
	c.strong = isStrongAlgorithm(cert.signatureAlgorithm,
		pssHash(cert.signatureAlgorithm));
	return c;
}

function readName(rdns) {
	return rdns.typesAndValues.map((t) => (NAMES[t.type] || t.type) + "=" +
		String(t.value.valueBlock.value ?? "")
			.replace(/[\x00-\x1f\x7f-\x9f]/g, "?")).reverse().join(", ");
}

export function readCrl(der) {
	const crl = new CertificateRevocationList({ schema: parse(der) });
	return { crl, time: seconds(crl.thisUpdate.value) };
}

// may the leaf stamp? RFC 3161, 2.3
export const isForStamps = (c) => c.stampsOnly && !c.unknown &&
	(c.usage === -1 || (c.usage & ~0xc0) === 0 && (c.usage & 0xc0) !== 0);

const canIssue = (c, below) => c.isCa && !c.unknown &&
	(c.usage === -1 || (c.usage & 0x04) !== 0) && c.pathLength >= below;

// All ways from the leaf to one of the roots, the shortest first. `why`:
// what was wrong with the best that was found.
async function ways(leaf, certs, roots) {
	const out = [];
	const queue = [[leaf]];
	let why = "root", tried = 0;
	while (queue.length > 0 && tried++ < 200) {
		const chain = queue.shift();
		const last = chain[chain.length - 1];
		if (roots.some((r) => equal(r.der, last.der)) &&
			chain.length > 1) {
			out.push(chain);
			continue;
		}
		if (chain.length > 8) continue;
		for (const c of [...roots, ...certs]) {
			if (chain.some((x) => equal(x.der, c.der)) ||
				!last.cert.issuer.isEqual(c.cert.subject))
				continue;
			if (!await verifyWith(c.key, last.cert.tbsView,
				last.cert.signatureValue,
				last.cert.signatureAlgorithm)) continue;
			if (!canIssue(c, chain.length - 1)) why = "chain";
			else if (!last.strong || !isStrongKey(c.key))
				why = "weak";
			else queue.push([...chain, c]);
		}
	}
	return { out, why };
}

// The chain from `leaf` to a root that is valid at `at` (POSIX seconds):
// {chain} or {why}
export async function findChain(leaf, certs, roots, at) {
	const pinned = roots.filter((r) => r.isSelfIssued);
	const { out, why } = await ways(leaf, certs, pinned);
	if (out.length === 0) return { why };
	if (!isForStamps(leaf)) return { why: "purpose" };
	for (const chain of out)
		if (chain.every((c) => c.notBefore <= at && at <= c.notAfter))
			return { chain };
	return { why: "time", chain: out[0] };
}

// RFC 3161, 4: a revocation after the token's time, for one of four reasons,
// leaves the token its word
function revokes(entry, time) {
	const e = extension(entry.crlEntryExtensions?.extensions, OID.reason);
	const reason = e?.parsedValue?.valueBlock?.valueDec;
	if (![0, 3, 4, 5].includes(reason)) return true;
	return seconds(entry.revocationDate.value) <= time;
}

// is a certificate of the chain revoked for a token of that time?
export async function isRevoked(chain, crls, time) {
	for (let i = 0; i + 1 < chain.length; i++) {
		const { cert } = chain[i], issuer = chain[i + 1];
		for (const { crl } of crls) {
			if (!crl.issuer.isEqual(cert.issuer) ||
				issuer.usage !== -1 && (issuer.usage & 2) === 0 ||
				!await verifyWith(issuer.key, crl.tbsView,
					crl.signatureValue,
					crl.signatureAlgorithm)) continue;
			for (const r of crl.revokedCertificates || [])
				if (r.userCertificate.isEqual(cert.serialNumber) &&
					revokes(r, time))
					return true;
		}
	}
	return false;
}

