// What the tests share: packages as maps from path to bytes.
import fs from "node:fs";
import path from "node:path";

export function readFolder(folder) {
	const files = new Map();
	const walk = (dir, below) => {
		for (const name of fs.readdirSync(dir).sort()) {
			const at = path.join(dir, name);
			if (fs.statSync(at).isDirectory())
				walk(at, `${below}${name}/`);
			else files.set(below + name, fs.readFileSync(at));
		}
	};
	walk(folder, "");
	return files;
}

export function writeFolder(folder, files) {
	for (const [name, bytes] of files) {
		const at = path.join(folder, name);
		fs.mkdirSync(path.dirname(at), { recursive: true });
		fs.writeFileSync(at, bytes);
	}
}

export const toList = (files, top = "package") =>
	[...files].map(([name, bytes]) => ({ path: `${top}/${name}`,
		blob: new Blob([bytes]) }));

// numbers that are the same in every run
export function random(seed) {
	let x = seed >>> 0;
	return (below) => {
		x = Math.imul(x ^ x >>> 15, 0x2c1b3c6d) + 0x9e3779b9 >>> 0;
		x = (x ^ x >>> 12) >>> 0;
		return x % below;
	};
}

let bad = 0;
export function ok(good, name, detail = "") {
	if (!good) bad++;
	console.log(`${good ? "ok" : "not ok"} ${name}` +
		(good || !detail ? "" : `: ${detail}`));
	return good;
}
export const failures = () => bad;
