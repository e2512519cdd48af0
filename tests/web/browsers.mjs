// Chromium and Firefox, started without a window, with a fresh profile.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import http from "node:http";
import path from "node:path";

const KINDS = {
	chromium: { paths: ["/usr/bin/chromium"], options: { args: [
		// tests may run as root, in which Chromium has no sandbox
		"--no-sandbox", "--disable-dev-shm-usage"] } },
	firefox: { paths: ["/usr/bin/firefox-esr", "/usr/bin/firefox"],
		options: { browser: "firefox" } },
};
export const names = Object.keys(KINDS);

// null if it is not installed
export async function launch(name, modules) {
	const at = KINDS[name].paths.find((p) => existsSync(p));
	if (!at) return null;
	const require = createRequire(path.join(path.resolve(modules), "x.js"));
	const puppeteer = (await import(require.resolve("puppeteer-core")
		.replace(/lib.cjs.puppeteer.puppeteer-core\.js$/,
			"lib/esm/puppeteer/puppeteer-core.js"))).default;
	return puppeteer.launch({ executablePath: at, headless: true,
		protocolTimeout: 600000, ...KINDS[name].options });
}

// counts what comes; {url, hits(), close()}
export function countingServer() {
	let hits = 0;
	const server = http.createServer((request, answer) => {
		hits++;
		answer.setHeader("Access-Control-Allow-Origin", "*");
		answer.end("x");
	});
	return new Promise((done) => server.listen(0, "127.0.0.1", () =>
		done({ url: `http://127.0.0.1:${server.address().port}/`,
			hits: () => hits, close: () => server.close() })));
}
