// SHA-256 trees: RFC 6962 logs, and the padded trees of FORMAT.md 3 and 5.
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { compare, concat, equal } from "./bytes.js";

export { sha256 };

export function leafHash(...parts) {
	return sha256(concat(Uint8Array.of(0), ...parts));
}

export function nodeHash(left, right) {
	const both = new Uint8Array(65);
	both[0] = 1;
	both.set(left, 1);
	both.set(right, 33);
	return sha256(both);
}

// EXHIBIT.md 2: from a leaf at `place` up through all nodes
export function fold(leaf, place, path) {
	let h = leaf;
	for (const node of path) {
		h = place % 2 === 0 ? nodeHash(h, node) : nodeHash(node, h);
		place = Math.floor(place / 2);
	}
	return h;
}

// RFC 9162, 2.1.3.2; numbers up to 2^53
export function included(leaf, index, size, path, root) {
	if (index >= size) return false;
	let f = index, s = size - 1, h = leaf;
	for (const p of path) {
		if (s === 0) return false;
		if (f % 2 === 1 || f === s) {
			h = nodeHash(p, h);
			while (f % 2 === 0 && f !== 0) {
				f = Math.floor(f / 2);
				s = Math.floor(s / 2);
			}
		} else {
			h = nodeHash(h, p);
		}
		f = Math.floor(f / 2);
		s = Math.floor(s / 2);
	}
	return s === 0 && equal(h, root);
}

// the RFC 6962 root over leaf hashes, of which there is at least one
export function treeRoot(leaves) {
	const stack = [];
	leaves.forEach((leaf, i) => {
		stack.push(leaf);
		for (let n = i + 1; n % 2 === 0; n = n / 2) {
			const right = stack.pop();
			stack.push(nodeHash(stack.pop(), right));
		}
	});
	let h = stack.pop();
	while (stack.length > 0) h = nodeHash(stack.pop(), h);
	return h;
}

// the root over leaves and pads, sorted, 4^k in all, k at least `least`;
// gives {k, root}
export function paddedRoot(leaves, seed, least) {
	let k = least;
	while (4 ** k < leaves.length) k++;
	const all = leaves.slice();
	for (let i = 0; all.length < 4 ** k; i++) {
		const n = new Uint8Array(4);
		new DataView(n.buffer).setUint32(0, i);
		all.push(sha256(concat(Uint8Array.of(2), seed, n)));
	}
	all.sort(compare);
	return { k, root: treeRoot(all) };
}

export const hmacSha256 = (key, message) => hmac(sha256, key, message);
