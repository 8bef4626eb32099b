// SPDX-License-Identifier: Apache-2.0
// A browser's recording as Ogg Opus: Chromium's MediaRecorder writes the same Opus packets into WebM (Matroska), which
// the server does not take. Only moved from one box into the other, never decoded. RFC 3533, RFC 7845, RFC 8794.

interface Element { id: number; from: number; to: number }

const UNKNOWN = -1;
const ID = { segment: 0x18538067, tracks: 0x1654ae6b, entry: 0xae, codecPrivate: 0x63a2, cluster: 0x1f43b675, simpleBlock: 0xa3, group: 0xa0, block: 0xa1 };
const MASTERS = new Set([ID.segment, ID.tracks, ID.entry, ID.cluster, ID.group]);

/** An EBML number: its bytes are told by the leading zeros of the first. undefined: it is not whole. */
function number(b: Uint8Array, at: number, keepMarker: boolean): { value: number; length: number } | undefined {
    const first = b[at] ?? 0;
    const length = Math.clz32(first) - 23;
    if (first === 0 || at + length > b.length) return undefined;
    let value = keepMarker ? first : first & (0xff >> length);
    let ones = (first & (0xff >> length)) === 0xff >> length;
    for (let i = 1; i < length; i++) {
        value = value * 256 + b[at + i]!;
        ones = ones && b[at + i] === 0xff;
    }
    return { value: ones && !keepMarker ? UNKNOWN : value, length };
}

/** The element that begins at `at`; undefined: it is cut off there, as where a page was closed. */
function elementAt(b: Uint8Array, at: number): Element | undefined {
    const id = number(b, at, true);
    const size = id && number(b, at + id.length, false);
    if (!id || !size) return undefined;
    const from = at + id.length + size.length;
    const master = MASTERS.has(id.value);
    const whole = size.value !== UNKNOWN && from + size.value <= b.length;
    return master || whole ? { id: id.value, from, to: whole ? from + size.value : b.length } : undefined;
}

/** Elements in order, as far as they are whole; those that hold others are entered, whatever their length says. */
function* elements(b: Uint8Array): Generator<Element> {
    for (let at = 0; at < b.length;) {
        const element = elementAt(b, at);
        if (!element) return;
        yield element;
        at = MASTERS.has(element.id) ? element.from : element.to;
    }
}

function read(webm: Uint8Array): { head: Uint8Array; packets: Uint8Array[] } {
    let head: Uint8Array | null = null;
    const packets: Uint8Array[] = [];
    for (const { id, from, to } of elements(webm)) {
        if (id === ID.codecPrivate) head = webm.subarray(from, to);
        if (id === ID.simpleBlock || id === ID.block) packets.push(webm.subarray(from + (number(webm, from, false)?.length ?? 1) + 3, to)); // track, time code, flags
    }
    if (!head || !packets.length) throw new Error('nothing was recorded');
    return { head, packets };
}

/** Samples of 48 kHz in a packet, by its first byte (RFC 6716 section 3.1). */
export function samplesOf(packet: Uint8Array): number {
    const toc = packet[0] ?? 0;
    const config = toc >> 3;
    const frame = config < 12 ? [480, 960, 1920, 2880][config & 3]! : config < 16 ? [480, 960][config & 1]! : [120, 240, 480, 960][config & 3]!;
    const frames = [1, 2, 2, (packet[1] ?? 0) & 63][toc & 3]!;
    return frame * frames;
}

const CRC = Uint32Array.from({ length: 256 }, (_, i) => {
    let r = i << 24;
    for (let bit = 0; bit < 8; bit++) r = r & 0x80000000 ? (r << 1) ^ 0x04c11db7 : r << 1;
    return r >>> 0;
});

function page(packets: Uint8Array[], granule: number, serial: number, sequence: number, flags: number): Uint8Array {
    const lacing = packets.flatMap((p) => [...Array<number>(Math.floor(p.length / 255)).fill(255), p.length % 255]);
    const bytes = new Uint8Array(27 + lacing.length + packets.reduce((sum, p) => sum + p.length, 0));
    const view = new DataView(bytes.buffer);
    bytes.set([0x4f, 0x67, 0x67, 0x53, 0, flags]);
    view.setUint32(6, granule >>> 0, true);
    view.setUint32(10, Math.floor(granule / 2 ** 32), true);
    view.setUint32(14, serial, true);
    view.setUint32(18, sequence, true);
    bytes[26] = lacing.length;
    bytes.set(lacing, 27);
    let at = 27 + lacing.length;
    for (const p of packets) { bytes.set(p, at); at += p.length; }
    let crc = 0;
    for (const byte of bytes) crc = ((crc << 8) ^ CRC[((crc >>> 24) ^ byte) & 0xff]!) >>> 0;
    view.setUint32(22, crc, true);
    return bytes;
}

const TAGS = new Uint8Array([...new TextEncoder().encode('OpusTags'), 8, 0, 0, 0, ...new TextEncoder().encode('shanqiao'), 0, 0, 0, 0]);
const PAGE_SAMPLES = 48_000; // a page a second
const FIRST = 2, LAST = 4; // header flags

export function oggOfWebm(webm: Uint8Array): Uint8Array<ArrayBuffer> {
    const { head, packets } = read(webm);
    const serial = 1;
    const pages = [page([head], 0, serial, 0, FIRST), page([TAGS], 0, serial, 1, 0)];
    let granule = 0;
    let held: Uint8Array[] = [];
    let segments = 0;
    let begun = 0;
    packets.forEach((packet, i) => {
        const wanted = Math.floor(packet.length / 255) + 1;
        if (held.length && (segments + wanted > 255 || granule - begun >= PAGE_SAMPLES)) {
            pages.push(page(held, granule, serial, pages.length, 0));
            [held, segments, begun] = [[], 0, granule];
        }
        held.push(packet);
        segments += wanted;
        granule += samplesOf(packet);
        if (i === packets.length - 1) pages.push(page(held, granule, serial, pages.length, LAST));
    });
    const out = new Uint8Array(pages.reduce((sum, p) => sum + p.length, 0));
    let at = 0;
    for (const p of pages) { out.set(p, at); at += p.length; }
    return out;
}
