// Texts of lines "<word> <word> ...", read strictly.
import { fromHex, fromUtf8, need } from "./bytes.js";

export class Lines {
	constructor(bytes) {
		const text = fromUtf8(bytes);
		need(text === "" || text.endsWith("\n"), "line end");
		this.all = text.split("\n");
		this.all.pop();
		this.at = 0;
	}

	get done() {
		return this.at === this.all.length;
	}

	next() {
		need(!this.done, "line missing");
		return this.all[this.at++];
	}

	is(text) {
		need(!this.done && this.all[this.at] === text, text);
		this.at++;
	}

	// what follows WORD and a blank, if the next line begins so; or null
	take(word) {
		if (this.done) return null;
		const line = this.all[this.at];
		if (!line.startsWith(word + " ") ||
			line.length < word.length + 2) return null;
		this.at++;
		return line.slice(word.length + 1);
	}

	must(word) {
		const rest = this.take(word);
		need(rest !== null, word);
		return rest;
	}

	end() {
		need(this.done, "more lines than there may be");
	}
}

// N words, each with one blank between; the last takes the rest if `rest`
export function words(line, n, rest = false) {
	const all = line.split(" ");
	need(rest ? all.length >= n : all.length === n, "words of a line");
	if (rest) all.push(all.splice(n - 1).join(" "));
	for (const w of all) need(w !== "", "empty word");
	return all;
}

// "e001": a letter and a number from 1 with at least `digits` digits
export function numbered(word, letter, digits, max) {
	need(word[0] === letter && /^[0-9]{1,9}$/.test(word.slice(1)),
		"number of " + letter);
	const n = Number(word.slice(1));
	need(n >= 1 && n <= max &&
		word.slice(1) === String(n).padStart(digits, "0"), "number");
	return n;
}

// lines "node <hex>"
export function nodes(lines, max) {
	const out = [];
	for (let v; (v = lines.take("node")) !== null;) {
		need(out.length < max, "nodes");
		out.push(fromHex(v, 32));
	}
	return out;
}

