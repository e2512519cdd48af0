// The checks of EXHIBIT.md 4, in their order, and what was found of each.
export const CHECKS = ["package", "files", "seal", "originals", "fields",
	"entries", "batch", "log", "checkpoint", "cosignatures", "stamps",
	"renewals", "redaction", "count"];
// said only if there is something to say
const OPTIONAL = new Set(["renewals", "redaction", "count"]);
const MAX_NOTES = 500; // of one check; a hostile package could bring millions

export class Verdicts {
	constructor() {
		this.of = new Map(CHECKS.map((name) =>
			[name, { name, result: "", notes: [] }]));
	}

	say(check, result, key, args = {}) {
		const v = this.of.get(check);
		const worse = { "": 0, holds: 1, unknown: 2, fails: 3 };
		if (worse[result] > worse[v.result]) v.result = result;
		if (v.notes.length < MAX_NOTES)
			v.notes.push({ result, key, args });
	}

	holds(check, key, args) {
		this.say(check, "holds", key, args);
	}

	fails(check, key, args) {
		this.say(check, "fails", key, args);
	}

	unknown(check, key, args) {
		this.say(check, "unknown", key, args);
	}

	failed(check) {
		return this.of.get(check).result === "fails";
	}

	// those that are said; one that nothing was found for could not be made
	list() {
		const out = [];
		for (const v of this.of.values()) {
			if (v.result === "" && OPTIONAL.has(v.name)) continue;
			if (v.result === "") {
				v.result = "unknown";
				v.notes.push({ result: "unknown", key: "not_made",
					args: {} });
			}
			out.push(v);
		}
		return out;
	}

	// as the exit status of `muniment check`
	status() {
		const results = this.list().map((v) => v.result);
		if (results.includes("fails")) return 1;
		return results.includes("unknown") ? 2 : 0;
	}
}
