// SPDX-License-Identifier: Apache-2.0
// How well one is heard and seen: statistics of two moments -> measures -> a level with its reason -> what is said about
// it. Pure functions; refuses to know where statistics come from and which language is read.

export type Level = 'good' | 'fair' | 'poor' | 'none';
/** Why it is no better. */
export type Reason =
    | 'loss' // packets are lost
    | 'delay' // they come late or unevenly
    | 'narrow' // the sender was made to send less
    | 'busy' // the sender's machine can't encode more
    | 'frozen' // pictures stood still
    | 'gaps' // sound that came whole and in time was not played whole
    | 'off' // nothing is sent: muted, camera off
    | 'none';

/** One stream at one moment, as the browser counts. Counters grow; undefined where a browser does not tell. */
export interface Counters {
    atMs: number;
    kind: 'audio' | 'video';
    packets: number;
    lost: number;
    bytes: number;
    jitterMs: number;
    concealed: number; // samples
    silentConcealed: number;
    samples: number;
    bufferMs: number; // sum of delays in the jitter buffer
    emitted: number; // samples or frames that left it
    frames: number;
    frozenMs: number;
    height: number;
}

export interface Measure {
    spanMs: number;
    packets: number; // in the span
    lossRatio: number; // 0..1
    concealedRatio: number; // of what was played, without silence
    delayMs: number; // in the jitter buffer
    jitterMs: number;
    bitsPerSecond: number;
    framesPerSecond: number;
    frozenRatio: number;
    height: number; // 0: no picture yet
}

export interface Judged { level: Level; reason: Reason }

interface Row { [name: string]: unknown }

const number = (row: Row, name: string): number => (typeof row[name] === 'number' ? (row[name] as number) : 0);

/** The inbound-rtp row of a receiver's statistics. */
export function countersOf(rows: Iterable<Row>, kind: 'audio' | 'video', atMs: number): Counters | null {
    for (const row of rows) {
        if (row['type'] !== 'inbound-rtp' || row['kind'] !== kind) continue;
        return {
            atMs, kind, packets: number(row, 'packetsReceived'), lost: number(row, 'packetsLost'), bytes: number(row, 'bytesReceived'),
            jitterMs: number(row, 'jitter') * 1000, concealed: number(row, 'concealedSamples'), silentConcealed: number(row, 'silentConcealedSamples'),
            samples: number(row, 'totalSamplesReceived'), bufferMs: number(row, 'jitterBufferDelay') * 1000, emitted: number(row, 'jitterBufferEmittedCount'),
            frames: number(row, 'framesDecoded'), frozenMs: number(row, 'totalFreezesDuration') * 1000, height: number(row, 'frameHeight'),
        };
    }
    return null;
}

const ratio = (part: number, whole: number): number => (whole > 0 ? Math.max(0, part) / whole : 0);

/** null: the counters are not of the same stream (it was made anew). */
export function measure(before: Counters, after: Counters): Measure | null {
    const spanMs = after.atMs - before.atMs;
    if (spanMs <= 0 || after.packets < before.packets) return null;
    const packets = after.packets - before.packets;
    const lost = Math.max(0, after.lost - before.lost); // the count may go down: late packets
    return {
        spanMs, packets, lossRatio: ratio(lost, packets + lost),
        concealedRatio: ratio(after.concealed - before.concealed - (after.silentConcealed - before.silentConcealed), after.samples - before.samples),
        delayMs: ratio(after.bufferMs - before.bufferMs, after.emitted - before.emitted), jitterMs: after.jitterMs,
        bitsPerSecond: ((after.bytes - before.bytes) * 8000) / spanMs, framesPerSecond: ((after.frames - before.frames) * 1000) / spanMs,
        frozenRatio: Math.min(1, ratio(after.frozenMs - before.frozenMs, spanMs)), height: after.height,
    };
}

interface Limit { level: Level; reason: Reason; when(m: Measure): boolean }

// The first row that fits is the judgement. Speech stays understandable up to some 10 % of concealed sound (it is then
// heard as clipped words); video floors are those of DOMAIN: 15 pictures a second, 480 lines.
const LINES_POOR = 180;
const LINES_FAIR = 360;
// From here on the network shows: below, sound and pictures that falter are a machine's doing.
const LOSS_SEEN = 0.02;
const JITTER_SEEN_MS = 60;
const RTT_SEEN_MS = 300;

const SPEECH: Limit[] = [
    { level: 'none', reason: 'off', when: (m) => m.packets === 0 },
    { level: 'poor', reason: 'loss', when: (m) => m.lossRatio > 0.2 || (m.concealedRatio > 0.1 && m.lossRatio > LOSS_SEEN) },
    { level: 'poor', reason: 'delay', when: (m) => m.delayMs > 800 || (m.concealedRatio > 0.1 && m.jitterMs > JITTER_SEEN_MS) },
    { level: 'poor', reason: 'gaps', when: (m) => m.concealedRatio > 0.1 },
    { level: 'fair', reason: 'loss', when: (m) => m.lossRatio > 0.06 || (m.concealedRatio > 0.03 && m.lossRatio > LOSS_SEEN) },
    { level: 'fair', reason: 'delay', when: (m) => m.delayMs > 400 || m.jitterMs > 120 || (m.concealedRatio > 0.03 && m.jitterMs > JITTER_SEEN_MS) },
    { level: 'fair', reason: 'gaps', when: (m) => m.concealedRatio > 0.03 },
    { level: 'good', reason: 'none', when: () => true },
];
const PICTURE: Limit[] = [
    { level: 'none', reason: 'off', when: (m) => m.packets === 0 },
    { level: 'none', reason: 'frozen', when: (m) => m.framesPerSecond === 0 },
    { level: 'poor', reason: 'frozen', when: (m) => m.frozenRatio > 0.4 },
    { level: 'poor', reason: 'loss', when: (m) => m.framesPerSecond < 5 && m.lossRatio > 0.05 },
    { level: 'poor', reason: 'narrow', when: (m) => m.framesPerSecond < 5 || m.height < LINES_POOR },
    { level: 'fair', reason: 'frozen', when: (m) => m.frozenRatio > 0.15 },
    { level: 'fair', reason: 'loss', when: (m) => m.framesPerSecond < 12 && m.lossRatio > 0.05 },
    { level: 'fair', reason: 'narrow', when: (m) => m.framesPerSecond < 12 || m.height < LINES_FAIR },
    { level: 'good', reason: 'none', when: () => true },
];

const LAYERS = 3;

/** What was asked for small (layer 0..2), for it is shown small, is judged as the large picture that it stands for. */
export function asLarge(m: Measure, layer: number | undefined): Measure {
    return layer === undefined ? m : { ...m, height: m.height * 2 ** (LAYERS - 1 - layer) };
}

export function judge(kind: 'audio' | 'video', m: Measure): Judged {
    const { level, reason } = (kind === 'audio' ? SPEECH : PICTURE).find((limit) => limit.when(m))!;
    return { level, reason };
}

const RANK: Record<Level, number> = { none: 0, poor: 1, fair: 2, good: 3 };

/** Better or worse than before? */
export function worse(a: Level, b: Level): boolean {
    return RANK[a] < RANK[b];
}

// ---- told only when it lasts ----

export interface Steady { shown: Judged; next: Judged; sinceMs: number }

export const DOWN_MS = 2000; // what got worse is told after
export const UP_MS = 6000; // what got better
const FIRST: Judged = { level: 'none', reason: 'none' };

export function newSteady(): Steady {
    return { shown: FIRST, next: FIRST, sinceMs: 0 };
}

/** The first judgement, and the return from nothing, are shown at once. */
export function settle(s: Steady, judged: Judged, nowMs: number): Steady {
    if (judged.level === s.shown.level) return { shown: judged, next: judged, sinceMs: nowMs };
    const sinceMs = judged.level === s.next.level && s.next.level !== s.shown.level ? s.sinceMs : nowMs;
    const waitMs = s.shown.level === 'none' ? 0 : worse(judged.level, s.shown.level) ? DOWN_MS : UP_MS;
    return nowMs - sinceMs >= waitMs ? { shown: judged, next: judged, sinceMs: nowMs } : { shown: s.shown, next: judged, sinceMs };
}

// ---- what the sender knows of itself ----

/** What the receiver of a native terminal or none of ours can't tell: the relay's reports about our own stream. */
export function judgeRemote(rows: Iterable<Row>, kind: 'audio' | 'video'): Judged | null {
    for (const row of rows) {
        if (row['type'] !== 'remote-inbound-rtp' || row['kind'] !== kind) continue;
        const loss = number(row, 'fractionLost'), rttMs = number(row, 'roundTripTime') * 1000;
        if (loss > 0.2) return { level: 'poor', reason: 'loss' };
        if (loss > 0.06) return { level: 'fair', reason: 'loss' };
        return rttMs > 1200 ? { level: 'fair', reason: 'delay' } : { level: 'good', reason: 'none' };
    }
    return null;
}

export type OwnLimit = 'narrow' | 'busy' | 'camera' | 'none';

/** Does the network show in what came of our own streams? */
const networkShows = (rows: readonly Row[]): boolean => rows.some((r) => r['type'] === 'remote-inbound-rtp' && (number(r, 'fractionLost') > LOSS_SEEN || number(r, 'roundTripTime') * 1000 > RTT_SEEN_MS));

/**
 * Why our own picture is small: this machine, this link, a camera of few lines, or none of them. `lines`: of the camera, 0:
 * none. A browser says "bandwidth" while it still seeks its rate and on a machine that sends late, so that alone is no weak link.
 */
export function ownLimit(rows: Iterable<Row>, lines = 0): OwnLimit {
    const all = [...rows];
    const limits = all.filter((r) => r['type'] === 'outbound-rtp' && r['kind'] === 'video' && r['active'] !== false).map((r) => r['qualityLimitationReason']);
    return limits.includes('cpu') ? 'busy' : limits.includes('bandwidth') && networkShows(all) ? 'narrow' : lines > 0 && lines < LINES_FAIR ? 'camera' : 'none';
}

/** bit/s that the link out is believed to carry; null: not told (Firefox). */
export function outgoing(rows: Iterable<Row>): number | null {
    let best: number | null = null;
    for (const row of rows)
        if (row['type'] === 'candidate-pair' && typeof row['availableOutgoingBitrate'] === 'number') best = Math.max(best ?? 0, row['availableOutgoingBitrate']);
    return best;
}

// ---- room.signal `heard` ----

export interface Heard { of: string; audio: Level; video: Level; reason?: Reason; /** what limits the picture of who says it */ own?: OwnLimit }

const LEVELS: readonly string[] = ['good', 'fair', 'poor', 'none'];
const REASONS: readonly string[] = ['loss', 'delay', 'narrow', 'busy', 'frozen', 'gaps', 'off', 'none'];

const LIMITS: readonly string[] = ['narrow', 'busy', 'camera', 'none'];

/** What another page said, if it says what it should. */
export function readHeard(body: Record<string, unknown>): Heard | null {
    const { of, audio, video, reason, own } = body;
    if (typeof of !== 'string' || !LEVELS.includes(String(audio)) || !LEVELS.includes(String(video))) return null;
    return { of, audio: audio as Level, video: video as Level, ...(REASONS.includes(String(reason)) ? { reason: reason as Reason } : {}), ...(LIMITS.includes(String(own)) ? { own: own as OwnLimit } : {}) };
}

/** The reason that weighs: of the worse one, sound before picture. */
export function reasonOf(audio: Judged, video: Judged): Reason {
    if (audio.level === 'poor' || audio.level === 'fair') return audio.reason;
    if (video.level !== 'good') return video.reason;
    return audio.level === 'none' ? audio.reason : 'none';
}

export type Cause = `why.${'ownNarrow' | 'ownBusy' | 'ownCamera' | 'theirNarrow' | 'theirBusy' | 'theirCamera' | Exclude<Reason, 'none'>}` | null;

/** Why they don't get ours better. Whose doing it is: our own limit first, for only we know it. */
export function causeOf(reason: Reason | undefined, own: OwnLimit): Cause {
    if (!reason || reason === 'none') return null;
    if (own === 'busy' && OF_MACHINES.has(reason)) return 'why.ownBusy';
    if (own === 'narrow' && reason !== 'off') return 'why.ownNarrow';
    if (own === 'camera' && reason === 'narrow') return 'why.ownCamera';
    return reason === 'busy' ? 'why.ownBusy' : `why.${reason}`;
}

/** What a machine that can't keep up does as well as a network. */
const OF_MACHINES: ReadonlySet<Reason> = new Set(['narrow', 'busy', 'frozen', 'gaps']);
const THEIRS: Record<Exclude<OwnLimit, 'none'>, Cause> = { narrow: 'why.theirNarrow', busy: 'why.theirBusy', camera: 'why.theirCamera' };

/** Why we don't get theirs better; `theirs`: what they say of their own picture. */
export function causeHere(reason: Reason, theirs: OwnLimit | undefined): Cause {
    if (reason === 'none') return null;
    if (theirs === 'busy' && OF_MACHINES.has(reason)) return 'why.theirBusy';
    return (reason === 'narrow' || reason === 'busy') && theirs && theirs !== 'none' ? THEIRS[theirs] : `why.${reason}`;
}
