// What somebody typed from paper against what is in the package. Each gives
// {result, key of a phrase, what}.
const MIN_DIGITS = 16; // of a hash: fewer could be matched on purpose

const matches = (what) => ({ result: "holds", key: "compare_match", what });
const DIFFERS = { result: "fails", key: "compare_differs" };
const SHORT = { result: "unknown", key: "compare_short" };

export function compareKey(typed, facts) {
	const want = typed.replace(/\s/g, "").replace(/^sha256:/i, "")
		.replace(/=+$/, "");
	if (want.length < 43) return SHORT;
	return facts.seal === "SHA256:" + want ? matches("what_key") : DIFFERS;
}

// hex digits however they are grouped
const digits = (typed) => typed.replace(/[\s:.-]/g, "").toLowerCase();

export function compareRoot(typed, facts) {
	const want = digits(typed);
	if (want.length < MIN_DIGITS) return SHORT;
	return facts.roots.some((r) => r.hash.startsWith(want))
		? matches("what_root") : DIFFERS;
}

export function compareHash(typed, facts) {
	const want = digits(typed);
	if (want.length < MIN_DIGITS) return SHORT;
	const all = [["what_package", facts.id],
		["what_manifest", facts.manifest], ["what_tags", facts.package],
		["VERIFY.html", facts.verifier]];
	for (const i of facts.items)
		for (const r of i.records)
			for (const f of r.files) all.push([f.path, f.sha256]);
	const found = all.find(([, h]) => h.startsWith(want));
	return found ? matches(found[0]) : DIFFERS;
}
