// Makes VERIFY.html: one file, from src/, the libraries and the phrases.
//
//	node build.mjs MODULES PHRASES OUT [TEST-BUNDLE]
//
// MODULES: the folder that holds node_modules; PHRASES: that of the language
// files; TEST-BUNDLE: where to put the checks alone, for Node (optional).
// The same sources give the same bytes, in whatever folder.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const [modules, phrases, out, forNode] = process.argv.slice(2)
	.map((p) => path.resolve(p));
const esbuild = createRequire(path.join(modules, "x.js"))("esbuild");
const read = (file) => readFileSync(path.join(here, "src", file), "utf8");

// the phrases whose key begins with "verify.", by language and key
function readPhrases() {
	const all = {};
	for (const lang of ["en", "fr", "ru"]) {
		const file = path.join(phrases, lang + ".txt");
		all[lang] = {};
		if (!existsSync(file)) continue;
		const text = readFileSync(file, "utf8").replace(/\n[ \t]+/g, " ");
		for (const line of text.split("\n")) {
			const m = /^(verify\.[a-z0-9_.]+) = (.*)$/.exec(line);
			if (m) all[lang][m[1].slice("verify.".length)] = m[2];
		}
	}
	return all;
}

// bundle ENTRY with the libraries; gives esbuild's answer
function bundle(entry, platform) {
	return esbuild.build({
		absWorkingDir: here,
		entryPoints: [entry],
		nodePaths: [path.join(modules, "node_modules")],
		bundle: true,
		write: false,
		metafile: true,
		format: platform === "node" ? "esm" : "iife",
		platform,
		mainFields: ["module", "main"],
		conditions: ["module", "import"],
		target: platform === "node" ? "node18" : "es2020",
		charset: "utf8",
		legalComments: "none",
		minify: true,
		logLevel: "warning",
		define: {
			MUNIMENT_PHRASES: JSON.stringify(readPhrases()),
		},
	});
}

// the licences of all packages of which something is in the page
function licences(metafile) {
	const names = new Set();
	for (const output of Object.values(metafile.outputs))
		for (const [file, part] of Object.entries(output.inputs)) {
			const m = /.*node_modules\/((@[^/]+\/)?[^/]+)\//.exec(file);
			if (m && part.bytesInOutput > 0)
				names.add(m[0].slice(m[0].indexOf("node_modules/")));
		}
	const texts = [];
	for (const name of [...names].sort()) {
		const dir = path.join(modules, name);
		const about = JSON.parse(
			readFileSync(path.join(dir, "package.json"), "utf8"));
		const file = readdirSync(dir).sort()
			.find((f) => /^licen[cs]e/i.test(f));
		if (!file) throw new Error(`${about.name} has no licence text`);
		texts.push(`${about.name} ${about.version} (${about.license})\n\n` +
			readFileSync(path.join(dir, file), "utf8").trim());
	}
	const own = path.join(here, "..", "..", "LICENSE");
	texts.unshift("Muniment\n\n" + readFileSync(own, "utf8").trim());
	return texts.join("\n\n" + "-".repeat(40) + "\n\n");
}

const escapeText = (s) =>
	s.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const sha256 = (s) =>
	"'sha256-" + createHash("sha256").update(s).digest("base64") + "'";

async function main() {
	const built = await bundle("src/main.js", "browser");
	// a closing tag in a string would end the element
	const script = "\n" + built.outputFiles[0].text
		.replace(/<\/(script)/gi, "<\\/$1")
		.replace(/<!--/g, "<\\!--");
	const style = "\n" + read("style.css");
	const parts = {
		POLICY: `default-src 'none'; script-src ${sha256(script)}; ` +
			`style-src ${sha256(style)}; base-uri 'none'; ` +
			"form-action 'none'",
		STYLE: style,
		SCRIPT: script,
		LICENCES: escapeText(licences(built.metafile)),
	};
	const page = read("page.html")
		.replace(/@([A-Z]+)@/g, (_, name) => parts[name]);
	writeFileSync(out, page);
	if (forNode) {
		const node = await bundle("src/check.js", "node");
		writeFileSync(forNode, node.outputFiles[0].text);
	}
}

if (!existsSync(path.join(modules, "node_modules")))
	throw new Error(`${modules} holds no node_modules`);
await main();
