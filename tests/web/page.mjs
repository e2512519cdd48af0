// VERIFY.html in browsers.
//
//	node page.mjs VERIFY.HTML MODULES SAMPLES HOSTILE SCRATCH
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { countingServer, launch, names } from "./browsers.mjs";
import { failures, ok, readFolder } from "./packages.mjs";
import { keyboard, tree, words } from "./people.mjs";

const [html, modules, samples, hostile, scratch] = process.argv.slice(2)
	.map((p) => path.resolve(p));
const address = pathToFileURL(html).href;
// SHA-256 of 5 GiB and one byte, all zero, by sha256sum
const ZEROS = "edcddf01fc829bf06be2b5393a9793cdd43598a0fd483c57f41a9b58183f6e33";
const shots = process.env.WEB_SHOTS;

async function open(browser, lang = "en") {
	const page = await browser.newPage();
	await page.setViewport({ width: 1000, height: 900 });
	page.on("pageerror", (e) => {
		// Firefox reports what the policy refuses in this way
		if (!e.message.startsWith("Content-Security-Policy"))
			ok(false, "no error in the page", e.message);
	});
	await page.goto(address);
	await page.select("#language", lang);
	return page;
}

// hand a package to the page as a person would; its exit status, or null
async function choose(page, at) {
	const isZip = at.endsWith(".zip");
	const input = await page.$(isZip ? "#zip" : "#folder");
	// the last one's result is not to be taken for this one's
	await page.evaluate(() => {
		document.getElementById("result").hidden = true;
	});
	await input.uploadFile(at);
	return result(page);
}

async function result(page) {
	await page.waitForFunction(() => document.getElementById("working").hidden &&
		!document.getElementById("result").hidden, { timeout: 60000 });
	return page.evaluate(() => {
		const box = document.querySelector("#result .box");
		const of = {};
		for (const li of document.querySelectorAll("[data-check]"))
			of[li.dataset.check] = li.dataset.result;
		return { status: Object.keys(of).length === 0 ? null
			: box.classList.contains("holds") ? 0
				: box.classList.contains("fails") ? 1 : 2,
		of, text: document.getElementById("result").innerText };
	});
}

async function shot(page, name) {
	if (!shots) return;
	fs.mkdirSync(shots, { recursive: true });
	await page.screenshot({ path: path.join(shots, name + ".png"),
		fullPage: true });
}

// the three ends, each seen
async function verdicts(name, browser) {
	const page = await open(browser);
	// Firefox cannot be handed a folder from outside
	const as = (n) => path.join(scratch, `${n}.zip`);
	const from = (n) => name === "firefox" ? as(n) : path.join(samples, n);
	let r = await choose(page, from("sample-1"));
	ok(r.status === 0 && Object.values(r.of).every((v) => v === "holds"),
		`${name}: a genuine package holds`, JSON.stringify(r.of));
	await shot(page, `${name}-good`);
	await words(name, page, ok);
	r = await choose(page, from("sample-2"));
	ok(r.status === 2 && r.of.stamps === "unknown",
		`${name}: one without stamps is partly checkable`,
		JSON.stringify(r.of));
	await shot(page, `${name}-partly`);
	r = await choose(page, as("tampered"));
	ok(r.status === 1 && r.of.files === "fails" && r.of.originals === "fails" &&
		r.of.seal === "holds" && r.text.includes("data/0001."),
	`${name}: a changed file is named`, JSON.stringify(r.of));
	await shot(page, `${name}-tampered`);
	r = await choose(page, path.join(samples, "sample-3.zip"));
	ok(r.status === 0 && r.of.renewals === "holds" && r.of.count === "holds",
		`${name}: renewed stamps and a count, from a zip file`,
		JSON.stringify(r.of));
	await page.close();
}

// In the page itself: COUNT variants of packages, each of which must be
// refused. Each byte changed is one of every file in turn.
async function variants(name, browser, kind, count) {
	const page = await open(browser);
	const packages = ["sample-4", "sample-2"].map((n) =>
		[...readFolder(path.join(samples, n))].map(([p, b]) =>
			[p, b.toString("base64")]));
	const started = Date.now();
	const r = await page.evaluate(async (all, what, n) => {
		const bytes = (s) => Uint8Array.from(atob(s), (c) => c.charCodeAt(0));
		const sets = all.map((one) => one.map(([p, b]) => [p, bytes(b)]));
		let seed = 7;
		const next = (below) => (seed = (seed * 1103515245 + 12345) %
			2147483648) % below;
		const verdict = async (files) => {
			const list = files.map(([p, b]) => ({ path: "p/" + p,
				blob: new Blob([b]) }));
			const pkg = muniment.fromFolder(list);
			return (await muniment.check(pkg)).status;
		};
		const passed = [];
		const own = await Promise.all(sets.map(verdict));
		for (let i = 0; i < n; i++) {
			const files = sets[i % 8 === 0 ? 1 : 0].map((f) => f.slice());
			const at = i % files.length;
			if (what === "byte") {
				const copy = files[at][1].slice();
				copy[next(copy.length)] ^= 1 + next(255);
				files[at][1] = copy;
			} else {
				const other = i % 2 ? files : sets[i % 8 === 0 ? 0 : 1];
				let from = other[next(other.length)];
				while (from[1].length === files[at][1].length &&
					from[1].every((b, j) => b === files[at][1][j]))
					from = other[next(other.length)];
				files[at][1] = from[1];
			}
			const status = await verdict(files);
			if (status !== 1) passed.push(`${files[at][0]} ${status}`);
		}
		return { own, passed };
	}, packages, kind, count);
	const seconds = (Date.now() - started) / 1000;
	ok(r.own.every((s) => s !== 1) && r.passed.length === 0,
		`${name}: ${count} ${kind === "byte" ? "changed bytes" : "swapped parts"
		} refused in the page (${seconds.toFixed(0)} s)`,
		`${r.own} ${r.passed.slice(0, 5)}`);
	await page.close();
}

// nothing goes out, whatever is tried; without the policy it would
async function network(name, browser) {
	const server = await countingServer();
	const attempt = (url) => Promise.allSettled([
		fetch(url + "fetch"), Promise.resolve(navigator.sendBeacon(url + "beacon")),
		new Promise((done) => {
			const i = new Image();
			i.onload = i.onerror = done;
			i.src = url + "image";
			document.body.append(i);
		}),
		new Promise((done) => {
			const s = document.createElement("script");
			s.onload = s.onerror = done;
			s.src = url + "script";
			document.body.append(s);
			setTimeout(done, 1000);
		})]).then(() => new Promise((done) => setTimeout(done, 500)));
	const plain = path.join(scratch, `plain-${name}.html`);
	fs.writeFileSync(plain, "<!DOCTYPE html><title>x</title><body>");
	const control = await browser.newPage();
	await control.goto(pathToFileURL(plain).href);
	await control.evaluate(attempt, server.url);
	const before = server.hits();
	ok(before > 0, `${name}: a page without the policy reaches the network`);
	await control.close();

	const page = await open(browser);
	const file = path.join(hostile, "html.zip");
	await page.evaluate(attempt, server.url);
	await page.evaluate((url) => {
		const s = document.createElement("script");
		s.textContent = `globalThis.owned = 1; fetch("${url}inline")`;
		document.body.append(s);
	}, server.url);
	const r = await choose(page, file);
	const injected = await page.evaluate(() => document.title === "owned" ||
		globalThis.owned === 1 ||
		document.querySelectorAll("#result img").length > 0);
	ok(server.hits() === before && !injected,
		`${name}: the page does not, and runs no foreign script`,
		`${server.hits() - before} requests`);
	ok(r.status === null || r.status === 1,
		`${name}: names that are HTML are refused, as text`);
	await page.close();
	server.close();
}

async function hostileZips(name, browser) {
	const page = await open(browser);
	const wrong = [];
	for (const f of fs.readdirSync(hostile).sort()) {
		const r = await choose(page, path.join(hostile, f));
		if (r.status !== null && r.status !== 1) wrong.push(f);
	}
	ok(wrong.length === 0, `${name}: hostile zip files are refused`,
		wrong.join(" "));
	await page.close();
}

// a large file: a check that is cancelled, and (long) one that goes on
async function large(name, browser) {
	const page = await open(browser);
	const folder = path.join(samples, "..", `large-${name}`);
	fs.mkdirSync(path.join(folder, "data"), { recursive: true });
	// of zeros, which need no room on the disk
	const file = path.join(folder, "data", "0001.bin");
	const size = 5 * 2 ** 30 + 1;
	fs.writeFileSync(file, "");
	fs.truncateSync(file, size);
	fs.writeFileSync(path.join(folder, "manifest-sha256.txt"),
		`${ZEROS}  data/0001.bin\n`);
	await page.bringToFront();
	const input = await page.$("#folder");
	await input.uploadFile(folder);
	await page.waitForFunction(() => document.getElementById("bar").value > 0.02,
		{ timeout: 60000 });
	const said = await page.$eval("#live", (e) => e.textContent);
	await page.click("#cancel");
	const r = await result(page);
	ok(r.status === null && r.text.includes("cancelled") && said.includes("%"),
		`${name}: progress is told, and a check can be cancelled`, r.text);
	if (process.env.WEB_LONG) {
		const started = Date.now();
		await page.evaluate(() => {
			document.getElementById("result").hidden = true;
		});
		await (await page.$("#folder")).uploadFile(folder);
		await page.waitForFunction(() => !document.getElementById("result").hidden,
			{ timeout: 600000 });
		const s = (Date.now() - started) / 1000;
		const of = await page.$eval("[data-check=files]",
			(e) => e.dataset.result);
		ok(of === "holds",
			`${name}: ${size} bytes in ${s.toFixed(0)} s, ` +
			`${(size / s / 1e6).toFixed(0)} MB/s`);
	}
	await page.close();
}

async function all(name) {
	const browser = await launch(name, modules);
	if (!browser) {
		console.log(`ok ${name} # skipped: it is not installed`);
		return;
	}
	try {
		await verdicts(name, browser);
		await network(name, browser);
		await hostileZips(name, browser);
		if (name === "chromium") {
			await keyboard(name, await open(browser),
				path.join(samples, "sample-3.zip"), result, ok);
			await tree(name, await open(browser), ok);
			await large(name, browser);
		}
		// 1,000 of each between them; in the long run both do both
		const share = (kind) => process.env.WEB_LONG || kind === name
			? 1000 : 100;
		await variants(name, browser, "byte", share("chromium"));
		await variants(name, browser, "swap", share("firefox"));
	} finally {
		await browser.close();
	}
}

await Promise.all(names.map((n) => all(n).catch((e) =>
	ok(false, `${n}: it could be driven`, e.stack))));
process.exit(failures() > 0 ? 1 : 0);
