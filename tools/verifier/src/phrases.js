// The page's texts in the chosen language. What a language lacks is shown in
// English, and marked.
const ALL = MUNIMENT_PHRASES;
export const LANGUAGES = ["en", "fr", "ru"];
let lang = "en";

export function setLanguage(name) {
	lang = LANGUAGES.includes(name) ? name : "en";
}

export const language = () => lang;
export const knows = (key) => key in ALL.en;

// the text of a key with each {name} replaced
export function t(key, args = {}) {
	const own = ALL[lang][key];
	const text = own ?? (lang === "en" || !(key in ALL.en) ? ALL.en[key] ?? key
		: `[en: ${ALL.en[key]}]`);
	return text.replace(/\{([a-z_]+)\}/g, (all, name) =>
		name in args ? clean(args[name]) : all);
}

// Foreign text for people: control characters, and those that turn the
// direction of writing, made visible; not longer than anyone reads.
export function clean(value) {
	const s = String(value);
	const cut = s.length > 2000 ? s.slice(0, 2000) + " …" : s;
	return cut.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
		(c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}
