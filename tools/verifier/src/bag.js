// The tag files of a BagIt bag in the one form that a package has.
import { Malformed, decimal, fromHex, isTime, need } from "./bytes.js";
import { Lines } from "./lines.js";

export const BAGIT = "BagIt-Version: 1.0\n" +
	"Tag-File-Character-Encoding: UTF-8\n";
const MAX_FILES = 65536;

export function isName(name) {
	return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,126}$/.test(name);
}

export function isPath(path) {
	const parts = path.split("/");
	return path.length < 192 && parts.length <= 3 && parts.every(isName);
}

// true if two of the paths differ in the case of letters only
export function collide(paths) {
	return new Set(paths.map((p) => p.toLowerCase())).size !== paths.length;
}

// a manifest: Map from path to the 32 bytes
export function readManifest(bytes) {
	const lines = new Lines(bytes);
	need(lines.all.length <= MAX_FILES, "too many files");
	const files = new Map();
	let last = "";
	while (!lines.done) {
		const line = lines.next();
		const path = line.slice(66);
		need(line.slice(64, 66) === "  " && isPath(path) && last < path,
			"line of a manifest");
		files.set(path, fromHex(line.slice(0, 64), 32));
		last = path;
	}
	if (collide([...files.keys()])) throw new Malformed("case of names");
	return files;
}

export function readInfo(bytes) {
	const lines = new Lines(bytes);
	const agent = lines.must("Bag-Software-Agent:");
	const date = lines.must("Bagging-Date:");
	const id = lines.must("External-Identifier:");
	const oxum = lines.must("Payload-Oxum:").split(".");
	lines.end();
	need(/^[\x20-\x7e]{1,63}$/.test(agent) && oxum.length === 2 &&
		isTime(date + "T00:00:00Z"), "bag-info.txt");
	fromHex(id, 16);
	return { agent, date, id, bytes: decimal(oxum[0]),
		files: decimal(oxum[1]) };
}
