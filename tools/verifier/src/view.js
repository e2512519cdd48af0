// The result as elements. Nothing foreign is ever read as HTML: all text goes
// in as text nodes.
import { clean, knows, language, t } from "./phrases.js";

const ICON = { holds: "✓", fails: "✗", unknown: "?" };
const MAX_SHOWN = 200;

export function el(name, attributes = {}, ...children) {
	const e = document.createElement(name);
	for (const [k, v] of Object.entries(attributes))
		if (v !== undefined) e.setAttribute(k, v);
	for (const child of children.flat())
		if (child !== null && child !== undefined) e.append(child);
	return e;
}

// foreign text, whatever its direction of writing
const foreign = (text) => el("bdi", {}, clean(text));

// digits in groups of four that are copied without blanks
function hash(digits) {
	const groups = clean(digits).match(/.{1,4}/g) || [];
	return el("code", { class: "hash" }, groups.map((g) =>
		el("span", {}, g)));
}

const row = (name, ...value) =>
	el("div", {}, el("dt", {}, name), el("dd", {}, value));

function some(list, one) {
	const out = list.slice(0, MAX_SHOWN).map(one);
	if (list.length > MAX_SHOWN)
		out.push(el("li", {}, t("more",
			{ n: list.length - MAX_SHOWN })));
	return out;
}

function banner(status, mismatch) {
	const key = mismatch || status === 1 ? "some_fails"
		: status === 2 ? "some_unknown" : "all_holds";
	const result = { some_fails: "fails", some_unknown: "unknown",
		all_holds: "holds" }[key];
	return el("div", { class: "box " + result },
		el("h2", { id: "result-title", tabindex: "-1" },
			ICON[result] + " " + t(key)),
		el("p", {}, t(key + "_text")));
}

// the worst first, as they matter most
function notes(check) {
	const of = (r) => check.notes.filter((n) => n.result === r);
	return [...of("fails"), ...of("unknown"), ...of("holds")];
}

function noteText(note) {
	const key = "n." + note.key;
	const args = {};
	for (const [k, v] of Object.entries(note.args))
		args[k] = clean(k === "who" ? whoText(v) : v).slice(0, 300);
	return t(knows(key) ? key : "n.stamp_unknown", args);
}

function checkRow(check) {
	const all = notes(check);
	const text = t(`c.${check.name}.${check.result}`);
	return el("li", { "data-check": check.name, "data-result": check.result },
		el("span", { class: "icon " + check.result,
			"aria-hidden": "true" }, ICON[check.result]),
		el("span", { class: "name" }, t(`c.${check.name}`)),
		el("span", { class: "verdict " + check.result },
			t(check.result)),
		el("div", { class: "body" },
			el("p", {}, text),
			el("details", check.result === "holds" ? {}
				: { open: "" },
				el("summary", {}, t("details") + ": ",
					el("code", {}, check.name)),
				el("ul", {}, some(all, (n) =>
					el("li", {}, el("bdi", {},
						noteText(n))))))));
}

function identity(f) {
	const rows = [row(t("package_id"), hash(f.id)),
		row(t("seal_key"), el("code", {}, clean(f.seal || "–")))];
	for (const r of f.roots.slice(0, MAX_SHOWN))
		rows.push(row(t("roots"), foreign(r.subject), el("br"),
			hash(r.hash), el("br"), t("root_until", { until:
				iso(r.until) })));
	rows.push(row(t("manifest"), hash(f.manifest)),
		row(t("tags"), hash(f.package)),
		row(t("verifier"), hash(f.verifier)));
	if (f.made) rows.push(row(t("made"), f.made), row(t("by"), clean(f.by)),
		row(t("vault"), hash(f.vault)));
	return [el("h3", {}, t("identity")), el("dl", {}, rows)];
}

// a member of the vault has no other name here than its number
function whoText(who) {
	const m = /^muniment\/[0-9a-f]{64}\/seat\/([0-9a-f]{64})$/.exec(who);
	return m ? t("seat", { seat: m[1].slice(0, 16) }) : who;
}

const iso = (s) => Number.isFinite(s)
	? new Date(s * 1000).toISOString().replace(".000Z", "Z") : "?";

function fileRow(f) {
	return el("li", {}, el("strong", {}, f.path),
		f.good ? null : el("strong", { class: "fails" },
			` ${ICON.fails} ${t("file_changed")}`), ", ",
		t("file_size", { size: f.size.toLocaleString(language()) }),
		f.name === undefined ? null : [el("br"),
			el("bdi", {}, t("original_name", { name: f.name }))],
		el("br"), "SHA-256 ", hash(f.sha256));
}

function noLater(n) {
	const key = n.kind === "cosignature" ? "by_cosignature"
		: n.status === "aged" ? "by_stamp_aged" : "by_stamp";
	const parts = [`${iso(n.seconds)} – `,
		el("bdi", {}, t(key, { who: whoText(n.who) }))];
	if (n.accuracy > 0) parts.push(", " +
		t("accuracy", { seconds: n.accuracy / 1e6 }));
	return el("li", {}, parts);
}

function times(r) {
	const list = (all, one, none) => all.length === 0 ? t(none)
		: el("ul", {}, some(all, one));
	return [el("h4", {}, t("time")), el("dl", {},
		row(t("time_source"), list(r.claims, (c) => el("li", {},
			foreign(c.value), " (", el("code", {}, clean(c.name)),
			")"), "time_none")),
		row(t("time_device"), r.deviceTime === undefined
			? t("time_none") : foreign(r.deviceTime)),
		row(t("time_no_later"), list(r.noLater, noLater,
			"time_not_known")),
		row(t("time_no_earlier"), list(r.noEarlier, (n) => el("li", {},
			`${iso(n.time)} – `, el("bdi", {},
				t("by_stamp", { who: n.authority }))),
		"time_not_known")))];
}

function fieldTable(r) {
	const body = r.fields.slice(0, MAX_SHOWN).map((f) => el("tr", {},
		el("th", { scope: "row" }, el("code", {}, clean(f.name))),
		el("td", {}, foreign(typeof f.value === "string" ? f.value
			: JSON.stringify(f.value)))));
	if (r.fields.length > MAX_SHOWN)
		body.push(el("tr", {}, el("td", { colspan: "2" }, t("more",
			{ n: r.fields.length - MAX_SHOWN }))));
	return el("details", {}, el("summary", {},
		`${t("fields_shown")} (${r.name})`),
	el("table", {}, el("tbody", {}, body)),
	r.opened ? null : el("p", { class: "meta" }, t("fields_withheld")));
}

function item(i) {
	const out = [el("h3", {}, t("item", { n: i.number })),
		el("p", { class: "meta" }, t("item_id") + ": ", hash(i.id))];
	for (const r of i.records.slice(0, MAX_SHOWN))
		out.push(r.files.length === 0 ? null : [
			el("h4", {}, t("files")),
			el("ul", { class: "files" }, some(r.files, fileRow))],
		times(r), fieldTable(r));
	if (i.custody.length > 0)
		out.push(el("h4", {}, t("custody")), el("ul", {},
			some(i.custody, (c) => el("li", {}, el("bdi", {},
				t("custody_line", { time: c.time ?? "?",
					action: c.action ?? "?" }))))));
	return out.flat(3);
}

// {section contents} of one result; `when`: the Date of the check
export function resultView(result, when, mismatch, browser) {
	const utc = when.toISOString().replace(/\.\d+Z/, "Z");
	const local = when.toLocaleString(language(),
		{ dateStyle: "long", timeStyle: "medium" });
	const out = [banner(result.status, mismatch),
		el("p", { class: "meta" }, t("checked_at", { local, utc,
			browser }), el("br"), el("bdi", {},
			clean(result.facts.folder))),
		el("h3", {}, t("checks")),
		el("ul", { class: "checks" }, result.checks.map(checkRow)),
		...identity(result.facts)];
	if (result.status === 1)
		out.push(el("p", { class: "box fails" }, t("doubt")));
	for (const i of result.facts.items.slice(0, MAX_SHOWN))
		out.push(...item(i));
	return out;
}
