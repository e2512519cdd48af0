// Files from the pickers, and from what is dropped on the page.
import { fromFolder, fromZip } from "./source.js";

const MAX_FILES = 70000;

const isZip = (file) => /\.zip$/i.test(file.name);

export function fromPicker(input) {
	const files = [...input.files];
	if (input.id === "zip") return () => fromZip(files[0]);
	return () => fromFolder(files.map((f) => ({
		path: f.webkitRelativePath || f.name, blob: f })));
}

const call = (object, name) => new Promise((done, failed) =>
	object[name](done, failed));

async function walk(entry, path, out) {
	if (entry.isFile) {
		out.push({ path, blob: await call(entry, "file") });
		if (out.length > MAX_FILES) throw new Error("too many files");
		return;
	}
	const reader = entry.createReader();
	for (;;) {
		const some = await call(reader, "readEntries");
		if (some.length === 0) return;
		for (const e of some) await walk(e, `${path}/${e.name}`, out);
	}
}

// null if it is neither one folder nor one zip file
export function fromDrop(transfer) {
	const items = [...transfer.items].filter((i) => i.kind === "file");
	const entries = items.map((i) => i.webkitGetAsEntry?.());
	const file = items[0]?.getAsFile();
	if (items.length !== 1) return null;
	const entry = entries[0];
	if (entry?.isDirectory)
		return async () => {
			const list = [];
			await walk(entry, entry.name, list);
			return fromFolder(list);
		};
	return file && isZip(file) ? () => fromZip(file) : null;
}
