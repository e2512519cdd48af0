// All checks of a package (EXHIBIT.md 4).
import { checkBatches, checkEntries, checkFields, checkOriginals,
	checkRedaction, readProofs } from "./entries.js";
import { checkCheckpoints, checkCosignatures, checkCount,
	checkLog } from "./logs.js";
import { attempt, checkPackage, checkSeal, readFiles } from "./package.js";
import { Cancelled, fromFolder, fromZip } from "./source.js";
import { checkStamps } from "./stamps.js";
import { gatherFacts } from "./facts.js";
import { Verdicts } from "./verdict.js";

class Checking {
	constructor(pkg, options) {
		this.pkg = pkg;		// {files, folder}
		this.now = options.now ?? Math.floor(Date.now() / 1000);
		this.progress = options.progress ?? (() => {});
		this.signal = options.signal;
		this.v = new Verdicts();
		this.hashes = new Map();
		this.bytes = new Map();
		this.tlogs = [];
		this.index = null;
		this.policy = null;
		this.facts = { noLater: [], roots: [] };
		this.done = this.total = 0;
		this.last = performance.now();
	}

	// lets the page breathe, and stops where it was asked to
	async pause() {
		if (this.signal?.aborted) throw new Cancelled();
		if (performance.now() - this.last < 40) return;
		await new Promise((go) => setTimeout(go, 0));
		this.last = performance.now();
	}

	async advance(bytes, path) {
		this.done += bytes;
		this.progress(this.done, this.total, path);
		await this.pause();
	}
}

async function checkProofs(c) {
	await readProofs(c);
	await checkFields(c);
	checkOriginals(c);
	await checkEntries(c);
	checkBatches(c);
	await checkCheckpoints(c);
	await checkLog(c);
	await checkCosignatures(c);
	await checkStamps(c);
	checkRedaction(c);
	await checkCount(c);
}

// {checks, status, facts}; throws Cancelled
export async function check(pkg, options = {}) {
	const c = new Checking(pkg, options);
	await readFiles(c);
	await checkPackage(c);
	await checkSeal(c);
	if (c.index)
		await attempt(c, "package", "proof", () => checkProofs(c));
	const checks = c.v.list();
	return { checks, status: c.v.status(), facts: gatherFacts(c) };
}

export { Cancelled, fromFolder, fromZip };
