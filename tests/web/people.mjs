// The page for people: languages, the keyboard alone, what a screen reader is
// told, contrast, paper.

// every word in three languages, none missing
export async function words(name, page, ok) {
	const said = new Set();
	let missing = "";
	for (const lang of ["en", "fr", "ru"]) {
		await page.select("#language", lang);
		const r = await page.evaluate(() => ({
			lang: document.documentElement.lang,
			text: document.querySelector("main").innerText,
			title: document.getElementById("result-title").innerText }));
		said.add(r.title);
		if (r.lang !== lang || /\[en:|\bverify\.|\{[a-z]+\}|undefined/
			.test(r.text)) missing += ` ${lang}`;
	}
	await page.select("#language", "en");
	ok(said.size === 3 && missing === "", `${name}: in three languages`,
		missing);
	const print = await printed(page);
	ok(print.digests && print.date && !print.pickers,
		`${name}: on paper: digests, date, no buttons`,
		JSON.stringify(print));
	const weak = await contrast(page);
	ok(weak.length === 0, `${name}: contrast of all text is 4.5 at least`,
		weak.join("; "));
}

async function printed(page) {
	const seen = () => {
		const shown = (s) => {
			const e = document.querySelector(s);
			return e !== null && e.offsetParent !== null;
		};
		const text = document.querySelector("#result").innerText;
		return { digests: shown("#result code.hash"),
			date: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/.test(text),
			pickers: matchMedia("print").matches &&
				(shown("#choose") || shown("#do-print")) };
	};
	if (page.emulateMediaType) {
		try {
			await page.emulateMediaType("print");
		} catch {
			// not by way of WebDriver BiDi
		}
	}
	const r = await page.evaluate(seen);
	try {
		await page.emulateMediaType(null);
	} catch {
		// as above
	}
	return r;
}

// WCAG 2.2, 1.4.3
const contrast = (page) => page.evaluate(() => {
	const parse = (c) => c.match(/[\d.]+/g).map(Number);
	const light = (c) => {
		const [r, g, b] = c.map((v) => v / 255).map((v) => v <= 0.04045
			? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const ground = (e) => {
		for (; e; e = e.parentElement) {
			const c = parse(getComputedStyle(e).backgroundColor);
			if (c.length === 3 || c[3] > 0) return c.slice(0, 3);
		}
		return [255, 255, 255];
	};
	const out = new Set();
	for (const e of document.querySelectorAll("body *")) {
		const own = [...e.childNodes].some((n) => n.nodeType === 3 &&
			n.textContent.trim());
		if (!own || e.closest("script,style,noscript,select")) continue;
		const a = light(parse(getComputedStyle(e).color).slice(0, 3));
		const b = light(ground(e));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) out.add(`${e.tagName}.${e.className} ${ratio}`);
	}
	return [...out];
});

// from the address bar to the printed result without a mouse
export async function keyboard(name, page, zip, result, ok) {
	const active = () => page.evaluate(() => document.activeElement.id ||
		document.activeElement.tagName);
	const order = [];
	await page.bringToFront();
	for (let i = 0; i < 6; i++) {
		await page.keyboard.press("Tab");
		order.push(await active());
	}
	ok(order.join(" ") === "language folder zip want-key want-hash want-root",
		`${name}: Tab goes through all there is to choose`, order.join(" "));
	await page.focus("#zip");
	const opening = page.waitForFileChooser();
	await new Promise((go) => setTimeout(go, 500));
	await page.keyboard.press("Enter");
	const chooser = await opening;
	await chooser.accept([zip]);
	const r = await result(page);
	ok(r.status === 0 && await active() === "result-title",
		`${name}: Enter chooses; the result has the focus`, await active());
	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter");
	const open = await page.evaluate(() =>
		document.activeElement.parentElement.open);
	let at = "";
	for (let i = 0; i < 40 && at !== "do-print"; i++) {
		await page.keyboard.press("Tab");
		at = await active();
	}
	ok(open === true && at === "do-print",
		`${name}: details open, and the print button is reached`, at);
	await compare(name, page, ok);
	await page.close();
}

// what is typed from paper decides too
async function compare(name, page, ok) {
	const key = await page.$eval("#result", (e) =>
		/SHA256:[A-Za-z0-9+/]{43}/.exec(e.innerText)[0]);
	const state = () => page.evaluate(() => [
		document.getElementById("is-key").className,
		document.querySelector("#result .box").className]);
	await page.type("#want-key", key);
	const good = await state();
	await page.focus("#want-key");
	await page.keyboard.press("Backspace");
	await page.keyboard.type("!");
	const bad = await state();
	ok(good[0] === "holds" && good[1] === "box holds" && bad[0] === "fails" &&
		bad[1] === "box fails", `${name}: a key from paper is compared`,
	`${good} ${bad}`);
}

// what a screen reader is told
export async function tree(name, page, ok) {
	const flat = [];
	const walk = (n) => {
		flat.push([n.role, n.name || ""]);
		for (const c of n.children || []) walk(c);
	};
	walk(await page.accessibility.snapshot({ interestingOnly: false }));
	const has = (role, text) => flat.some(([r, n]) => r === role &&
		n.includes(text));
	const wanted = [["heading", "Check an exhibit"], ["heading", "Compare"],
		["combobox", "Language"], ["button", "Choose the folder"],
		["button", "Choose the zip file"], ["textbox", "Fingerprint of the key"],
		["textbox", "SHA-256"], ["textbox", "root certificate"],
		["status", ""], ["main", ""], ["contentinfo", ""],
		["heading", "does not show"]];
	const lost = wanted.filter(([r, n]) => !has(r, n)).map((w) => w.join(" "));
	ok(lost.length === 0, `${name}: the accessibility tree names everything`,
		lost.join("; "));
	await page.close();
}
