// The page: choosing, waiting, showing, comparing.
import { Cancelled, check, fromFolder, fromZip } from "./check.js";
import { compareHash, compareKey, compareRoot } from "./compare.js";
import { fromDrop, fromPicker } from "./input.js";
import { LANGUAGES, setLanguage, t } from "./phrases.js";
import { resultView } from "./view.js";

const get = (id) => document.getElementById(id);
const COMPARE = { key: compareKey, hash: compareHash, root: compareRoot };
let shown = null;	// {result, when} or {message} of the last check
let running = null;	// AbortController

function browserName() {
	const m = /(Firefox|Edg|Chrome|Version)\/(\d+)/.exec(navigator.userAgent);
	const name = { Edg: "Edge", Chrome: "Chromium", Version: "Safari" };
	return m ? `${name[m[1]] || m[1]} ${m[2]}` : "?";
}

function announce(text) {
	get("live").textContent = text;
}

// all comparisons as typed; true if one differs
function compareAll() {
	let differs = false, used = false;
	for (const [name, compare] of Object.entries(COMPARE)) {
		const typed = get("want-" + name).value.trim();
		const out = get("is-" + name);
		const facts = shown?.result?.facts;
		const r = typed && facts ? compare(typed, facts) : null;
		used = used || r !== null;
		out.className = r ? r.result : "";
		out.textContent = !r ? "" : { holds: "✓ ", fails: "✗ ",
			unknown: "" }[r.result] + t(r.key, r.what
			? { what: r.what.startsWith("what_") ? t(r.what)
				: r.what } : {});
		differs = differs || r?.result === "fails";
	}
	get("compare").classList.toggle("used", used);
	return differs;
}

function show() {
	const section = get("result");
	const differs = compareAll();
	section.hidden = !shown;
	section.replaceChildren();
	if (!shown) return;
	if (shown.message) {
		const box = document.createElement("div");
		const head = document.createElement("h2");
		head.id = "result-title";
		head.tabIndex = -1;
		head.textContent = t(...shown.message);
		box.className = "box unknown";
		box.append(head);
		section.append(box);
		return;
	}
	section.append(...resultView(shown.result, shown.when, differs,
		browserName()));
	const actions = document.createElement("p");
	actions.className = "actions";
	for (const [key, act] of [["print", () => window.print()],
		["again", again]]) {
		const b = document.createElement("button");
		b.type = "button";
		b.id = "do-" + key;
		b.textContent = t(key);
		b.className = key === "print" ? "" : "quiet";
		b.addEventListener("click", act);
		actions.append(b);
	}
	section.append(actions);
}

function again() {
	shown = null;
	show();
	get("choose").scrollIntoView();
	get("folder").focus();
}

function translate() {
	document.documentElement.lang = get("language").value;
	document.title = t("title");
	for (const e of document.querySelectorAll("[data-t]"))
		e.textContent = t(e.dataset.t);
	show();
}

const sizeText = (bytes) => bytes >= 1e9 ? (bytes / 1e9).toFixed(1) + " GB"
	: (bytes / 1e6).toFixed(1) + " MB";

function progress() {
	let said = -1, drawn = 0;
	return (done, total, path) => {
		const now = performance.now();
		if (now - drawn < 100) return;
		drawn = now;
		const percent = total > 0 ? Math.floor(100 * done / total) : 100;
		get("bar").value = percent / 100;
		const text = t("progress", { percent, size: sizeText(total),
			path });
		get("progress-text").textContent = text;
		// not every step is read aloud
		if (Math.floor(percent / 20) !== said) {
			said = Math.floor(percent / 20);
			announce(text);
		}
	};
}

async function start(open) {
	if (running) return;
	running = new AbortController();
	shown = null;
	show();
	get("working").hidden = false;
	get("bar").removeAttribute("value");
	get("progress-text").textContent = "";
	announce(t("working"));
	get("cancel").focus();
	try {
		const pkg = await open();
		const result = await check(pkg, { progress: progress(),
			signal: running.signal });
		shown = { result, when: new Date() };
	} catch (e) {
		shown = { message: e instanceof Cancelled ? ["cancelled"]
			: ["not_package", { why: String(e.message).slice(0, 200) }] };
	}
	running = null;
	get("working").hidden = true;
	show();
	announce(get("result-title").textContent);
	get("result-title").focus();
}

function listen() {
	for (const id of ["folder", "zip"])
		get(id).addEventListener("change", (e) => {
			if (e.target.files.length === 0) return;
			const open = fromPicker(e.target);
			// so that the same may be chosen again
			e.target.value = "";
			start(open);
		});
	get("cancel").addEventListener("click", () => running?.abort());
	get("language").addEventListener("change", (e) => {
		setLanguage(e.target.value);
		translate();
	});
	for (const name of Object.keys(COMPARE))
		get("want-" + name).addEventListener("input", show);
	addEventListener("dragover", (e) => {
		e.preventDefault();
		document.body.classList.add("over");
	});
	addEventListener("dragleave", (e) => {
		if (!e.relatedTarget) document.body.classList.remove("over");
	});
	addEventListener("drop", (e) => {
		e.preventDefault();
		document.body.classList.remove("over");
		const open = fromDrop(e.dataTransfer);
		if (open) start(open);
		else announce(t("wrong_drop"));
	});
	// what is folded away is printed too
	let folded = [];
	addEventListener("beforeprint", () => {
		folded = [...document.querySelectorAll("main details:not([open])")];
		for (const d of folded) d.open = true;
	});
	addEventListener("afterprint", () => {
		for (const d of folded) d.open = false;
	});
}

const own = navigator.languages?.map((l) => l.slice(0, 2))
	.find((l) => LANGUAGES.includes(l)) || "en";
setLanguage(own);
get("language").value = own;
listen();
translate();

// for tests, and for whoever wants to check many packages
globalThis.muniment = Object.freeze({ check, fromFolder, fromZip, start });
