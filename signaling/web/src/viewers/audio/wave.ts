// SPDX-License-Identifier: Apache-2.0
// A recording as a curve: the least and greatest of each column, so that no beat is lost, however long it is.

export function peaks(samples: Float32Array, columns: number): { least: Float32Array; most: Float32Array } {
    const least = new Float32Array(columns);
    const most = new Float32Array(columns);
    for (let c = 0; c < columns; c++) {
        const from = Math.floor((c * samples.length) / columns);
        const to = Math.max(from + 1, Math.floor(((c + 1) * samples.length) / columns));
        let [low, high] = [Infinity, -Infinity];
        for (let i = from; i < to && i < samples.length; i++) {
            const v = samples[i]!;
            if (v < low) low = v;
            if (v > high) high = v;
        }
        least[c] = low === Infinity ? 0 : low;
        most[c] = high === -Infinity ? 0 : high;
    }
    return { least, most };
}

export interface Part { from: number; to: number } // s

/** Where a player is that began at `offset` and has run for `ran` seconds of its own time. */
export function placeOf(offset: number, ran: number, duration: number, loop: Part | null): number {
    const at = offset + ran;
    if (!loop) return Math.min(duration, at);
    if (at < loop.to) return at;
    return loop.from + ((at - loop.from) % Math.max(0.01, loop.to - loop.from));
}

const PAGE_SEARCH = 65_307; // the largest Ogg page (RFC 3533)
const OPUS_HZ = 48_000;

/** How long an Ogg Opus file says it is, by its last page; 0: it is none, or says nothing. */
export function secondsOf(b: Uint8Array): number {
    const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
    const isPage = (at: number): boolean => b[at] === 0x4f && b[at + 1] === 0x67 && b[at + 2] === 0x67 && b[at + 3] === 0x53;
    if (b.length < 27 || !isPage(0)) return 0;
    for (let at = b.length - 27; at >= Math.max(0, b.length - PAGE_SEARCH); at--)
        if (isPage(at)) return Math.max(0, Number(view.getBigInt64(at + 6, true)) / OPUS_HZ);
    return 0;
}
