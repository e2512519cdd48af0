// The page's checks, run in Node, and `muniment check` say the same of
// genuine, forged, changed and hostile packages.
//
//	node agree.mjs CHECKS.MJS SAMPLES FORGED HOSTILE LIES
import { execFile } from "node:child_process";
import { webcrypto } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { failures, ok, random, readFolder, toList, writeFolder } from "./packages.mjs";

globalThis.crypto ??= webcrypto; // Node 18
const [checks, samples, forged, hostile, lies] = process.argv.slice(2);
const { check, fromFolder, fromZip } = await import(path.resolve(checks));
const program = process.env.MUNIMENT;

async function byPage(at) {
	try {
		const pkg = fs.statSync(at).isDirectory()
			? fromFolder(toList(readFolder(at)))
			: await fromZip(new Blob([fs.readFileSync(at)]));
		const r = await check(pkg);
		return { status: r.status, of: Object.fromEntries(
			r.checks.map((c) => [c.name, c.result])) };
	} catch (e) {
		return { status: 2, of: {}, why: e.message };
	}
}

function byProgram(at) {
	return new Promise((done) => execFile(program,
		["check", at, "--json"], { maxBuffer: 1 << 26 }, (e, out) => {
			const status = e ? e.code : 0;
			let of = {};
			try {
				of = Object.fromEntries(JSON.parse(out).checks
					.map((c) => [c.name, c.result]));
			} catch {
				// no package, or nothing printed
			}
			done({ status, of });
		}));
}

const list = (dir) => fs.readdirSync(dir).sort()
	.map((name) => path.join(dir, name));

// some of the samples with a byte changed
function changed(dir) {
	const next = random(4);
	const out = [];
	for (let i = 0; i < 40; i++) {
		const from = list(samples).filter((p) => !p.endsWith(".zip"));
		const files = readFolder(from[i % from.length]);
		const names = [...files.keys()].filter((n) => files.get(n).length);
		const name = names[next(names.length)];
		const bytes = Buffer.from(files.get(name));
		bytes[next(bytes.length)] ^= 1 << next(8);
		files.set(name, bytes);
		const at = path.join(dir, `${i}-${name.replace(/\//g, "-")}`);
		writeFolder(at, files);
		out.push(at);
	}
	return out;
}

const statuses = new Map();
for (const p of list(samples)) statuses.set(p, await byPage(p));
ok([...statuses.values()].every((r) => r.status !== 1),
	"genuine packages hold", [...statuses].map(([p, r]) =>
		`${path.basename(p)} ${r.status}`).join(", "));
const passed = [];
for (const p of list(forged)) {
	const r = await byPage(p);
	statuses.set(p, r);
	if (r.status !== 1) passed.push(path.basename(p));
}
ok(passed.length === 0, `forged and sealed anew: ${list(forged).length} refused`,
	passed.join(" "));
for (const p of list(lies)) statuses.set(p, await byPage(p));
const believed = list(lies).filter((p) => statuses.get(p).status === 0);
ok(believed.length === 0, "what covers nothing shown does not count",
	believed.join(" "));
const tmp = fs.mkdtempSync(path.join(os.tmpdir(), "agree-"));
try {
	for (const p of [...changed(tmp), ...list(hostile)])
		statuses.set(p, await byPage(p));
	const slipped = list(hostile).filter((p) => statuses.get(p).status === 0);
	ok(slipped.length === 0, "hostile zip files are refused",
		slipped.join(" "));
	if ((await byProgram(list(samples)[0])).of.package)
		await compare();
	else console.log("ok agreement # skipped: no muniment check");
} finally {
	fs.rmSync(tmp, { recursive: true });
}
process.exit(failures() > 0 ? 1 : 0);

async function compare() {
	const differ = [];
	for (const [p, page] of statuses) {
		const own = await byProgram(p);
		const names = Object.keys({ ...own.of, ...page.of });
		const other = names.filter((n) => own.of[n] !== page.of[n]);
		// of a zip file that cannot be trusted one says 1, one 2
		const same = page.why ? own.status !== 0
			: own.status === page.status;
		if (!same)
			differ.push(`${path.basename(p)}: check ${own.status}, ` +
				`page ${page.status} (${other.join(" ")})`);
	}
	ok(differ.length === 0,
		`muniment check and the page agree on ${statuses.size} packages`,
		differ.join("; "));
}
