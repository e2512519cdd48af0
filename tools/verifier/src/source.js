// A package as the browser gives it: the files of a folder, or a zip. Each
// file becomes {path, size, read(max), stream(onChunk)}; paths are those below
// the package's one folder.
import { BlobReader, ZipReader, configure } from "@zip.js/zip.js/lib/zip-core-native.js";
import { concat, need } from "./bytes.js";

const SLICE = 4 << 20;		// bytes at a time
// more unpacked than this and longer by this factor: not without being asked
const BOMB_LEAST = 2 ** 30, BOMB_RATIO = 100;
const MAX_FILES = 65536 + 100;	// of a package

export class Cancelled extends Error {
	constructor() {
		super("cancelled");
		this.name = "Cancelled";
	}
}

// bytes of at most `max` through a stream function
async function gather(file, max) {
	need(file.size <= max, "too long");
	const parts = [];
	await file.stream((chunk) => void parts.push(chunk.slice()));
	return concat(...parts);
}

function fromBlob(path, blob) {
	const file = { path, size: blob.size, blob };
	file.stream = async (onChunk) => {
		for (let at = 0; at < blob.size; at += SLICE) {
			const part = blob.slice(at, at + SLICE);
			await onChunk(new Uint8Array(await part.arrayBuffer()));
		}
	};
	file.read = (max) => gather(file, max);
	return file;
}

// `list`: [{path, blob}], paths with the folder's name in front
export function fromFolder(list) {
	need(list.length <= MAX_FILES, "too many files");
	const files = new Map();
	const tops = new Set(list.map((f) => f.path.split("/")[0]));
	need(tops.size === 1 && list.every((f) => f.path.includes("/")),
		"not one folder");
	for (const { path, blob } of list) {
		const below = path.slice(path.indexOf("/") + 1);
		need(!files.has(below), "twice: " + below);
		files.set(below, fromBlob(below, blob));
	}
	return { files, folder: [...tops][0] };
}

function fromEntry(path, entry) {
	const size = entry.uncompressedSize;
	const file = { path, size };
	file.stream = async (onChunk) => {
		let got = 0;
		await entry.getData(new WritableStream({
			async write(chunk) {
				got += chunk.length;
				need(got <= size, "longer than it says");
				await onChunk(chunk);
			},
		}), { checkSignature: true, strictness: "strict" });
		need(got === size, "shorter than it says");
	};
	file.read = (max) => gather(file, max);
	return file;
}

// Where the directory of a zip file begins. zip.js has seen that the end
// record stands at the very end.
async function directoryStart(blob) {
	const end = await viewOf(blob, Math.max(0, blob.size - 42), 42);
	need(end.byteLength === 42 && end.getUint32(20, true) === 0x06054b50 &&
		end.getUint16(40, true) === 0, "a comment behind it");
	const at = end.getUint32(36, true);
	if (at !== 0xffffffff) return at;
	need(end.getUint32(0, true) === 0x07064b50, "ZIP64");
	const far = await viewOf(blob, Number(end.getBigUint64(8, true)), 56);
	need(far.byteLength === 56, "ZIP64");
	return Number(far.getBigUint64(48, true));
}

const viewOf = async (blob, at, n) =>
	new DataView(await blob.slice(at, at + n).arrayBuffer());

// Members stand one behind the other from the first byte to the directory:
// nothing is hidden between them.
async function checkGaps(blob, entries) {
	const start = await directoryStart(blob);
	entries.sort((a, b) => a.offset - b.offset);
	let at = 0;
	for (let i = 0; i < entries.length; i++) {
		const e = entries[i];
		const end = i + 1 < entries.length ? entries[i + 1].offset
			: start;
		const head = await viewOf(blob, e.offset, 30);
		need(e.offset === at && head.byteLength === 30 &&
			e.comment === "", "bytes between members");
		at += 30 + head.getUint16(26, true) + head.getUint16(28, true) +
			e.compressedSize;
		const rest = end - at;
		const sizes = (head.getUint16(6, true) & 8) !== 0
			? [12, 16, 20, 24] : [0];
		need(sizes.includes(rest), "bytes between members");
		at = end;
	}
}

// a zip file with one folder in it; other readers must see the same files
export async function fromZip(blob) {
	configure({ useWebWorkers: false, chunkSize: 1 << 20 });
	const reader = new ZipReader(new BlobReader(blob), {
		strictness: "strict", filenameValidation: "strict",
		checkOverlappingEntry: true,
	});
	const files = new Map();
	const tops = new Set();
	const entries = [];
	let total = 0;
	for await (const entry of reader.getEntriesGenerator()) {
		need(entries.push(entry) <= MAX_FILES, "too many files");
		total += entry.uncompressedSize;
		const slash = entry.filename.indexOf("/");
		need(slash > 0 && !entry.encrypted && [0, 8].includes(
			entry.compressionMethod), "zip entry");
		tops.add(entry.filename.slice(0, slash));
		need(tops.size === 1, "not one folder");
		if (entry.directory) continue;
		const path = entry.filename.slice(slash + 1);
		need(!files.has(path), "twice");
		files.set(path, fromEntry(path, entry));
	}
	need(tops.size === 1, "empty");
	need(total <= BOMB_LEAST || total / BOMB_RATIO <= blob.size,
		"it claims to be far longer unpacked; if you trust it, " +
		"unpack it and choose the folder");
	await checkGaps(blob, entries);
	return { files, folder: [...tops][0] };
}

