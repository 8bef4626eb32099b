// SPDX-License-Identifier: Apache-2.0
// WFDB: a text header and one signal file (physionet.org, header(5) and signal(5)), formats 8 bit offset (80), 16, 61
// and 212. Records of several segments or files show what is in this file.
import { Unshowable } from '../unshowable';
import { bounded, checked, leadByName, microvolts, MOST_LEADS, MOST_SAMPLES, type Ecg } from './model';

interface Signal { file: string; format: number; perFrame: number; offset: number; gain: number; unit: string; baseline: number; name: string }

const DEFAULT_GAIN = 200; // header(5): units per millivolt where none is given
/** bytes of `n` samples, and the n-th; NaN: the value that says "no sample". */
const FORMATS: Record<number, { count(bytes: number): number; read(b: Uint8Array, i: number): number }> = {
    80: { count: (n) => n, read: (b, i) => b[i]! - 128 },
    16: { count: (n) => n >> 1, read: (b, i) => missing((b[2 * i]! | (b[2 * i + 1]! << 8)) << 16 >> 16, -32768) },
    61: { count: (n) => n >> 1, read: (b, i) => missing((b[2 * i + 1]! | (b[2 * i]! << 8)) << 16 >> 16, -32768) },
    212: { count: (n) => Math.floor(n / 3) * 2 + (n % 3 === 2 ? 1 : 0), read: read212 },
};
const missing = (value: number, none: number): number => (value === none ? NaN : value);

/** Two samples of 12 bits in three bytes. */
function read212(b: Uint8Array, i: number): number {
    const at = (i >> 1) * 3;
    const raw = i & 1 ? b[at + 2]! | ((b[at + 1]! & 0xf0) << 4) : b[at]! | ((b[at + 1]! & 0x0f) << 8);
    return missing((raw << 20) >> 20, -2048);
}

function signalOf(line: string): Signal {
    const [file = '', format = '', gain = '', , zero = '0', , , , ...description] = line.split(/\s+/);
    const f = /^(\d+)(?:x(\d+))?(?::\d+)?(?:\+(\d+))?$/.exec(format);
    const g = /^(-?[\d.]+(?:[eE][-+]?\d+)?)?(?:\((-?\d+)\))?(?:\/(\S+))?$/.exec(gain);
    if (!f || !g) throw new Unshowable('damaged', 'signal');
    const factor = Number(g[1] ?? 0) || DEFAULT_GAIN;
    return { file, format: Number(f[1]), perFrame: Number(f[2] ?? 1), offset: Number(f[3] ?? 0), gain: factor, baseline: Number(g[2] ?? (zero || 0)), unit: g[3] ?? 'mV', name: description.join(' ') || file };
}

const linesOf = (header: string): string[] => header.split(/\r?\n/).map((l) => l.trim()).filter((l) => l !== '' && !l.startsWith('#'));

/** Whether the header speaks of a signal file of this name: another's gain would make false millivolts. */
function speaksOf(header: string, name: string): boolean {
    return linesOf(header).slice(1).some((line) => line.split(/\s+/)[0]!.toLowerCase() === name.toLowerCase());
}

/** The header sent with a WFDB signal; else of those of the case the one that speaks of it. Of other formats there is none. */
export async function headerOf({ name, header, headers }: { name: string; header?: string | undefined; headers: string[] }, textOf: (id: string) => Promise<string>): Promise<string | undefined> {
    if (header) return textOf(header);
    for (const id of headers) {
        const text = await textOf(id);
        if (speaksOf(text, name)) return text;
    }
    if (headers.length) throw new Unshowable('header_other', name);
    return undefined;
}

/** `name` of the signal file; a header that was sent with it may name it otherwise, for people rename files. */
export function parseWfdb(header: string, bytes: Uint8Array, name = ''): Ecg {
    const lines = linesOf(header);
    const [record = '', count = '', rate = '250', length = '0', time = '', date = ''] = (lines[0] ?? '').split(/\s+/);
    if (record.includes('/')) throw new Unshowable('codec', 'WFDB multi-segment');
    const signals = lines.slice(1, 1 + bounded(Number(count), 1, MOST_LEADS, 'signals')).map(signalOf);
    const file = (signals.find((s) => s.file.toLowerCase() === name.toLowerCase()) ?? signals[0])?.file;
    const here = signals.filter((s) => s.file === file);
    const [first] = here;
    if (!first) throw new Unshowable('no_signal');
    const format = FORMATS[first.format];
    if (!format || here.some((s) => s.format !== first.format)) throw new Unshowable('codec', `WFDB ${first.format}`);
    const hz = bounded(Number(/^[\d.]+(?:[eE][-+]?\d+)?/.exec(rate)?.[0]), 0.01, 100_000, 'rate');
    return checked(read(bytes.subarray(first.offset), here, format, hz, Number(length), started(time, date)));
}

function read(data: Uint8Array, signals: Signal[], format: (typeof FORMATS)[number], hz: number, said: number, startedAt: string | undefined): Ecg {
    const perFrame = signals.reduce((sum, s) => sum + bounded(s.perFrame, 1, 1000, 'samples'), 0);
    const here = Math.floor(format!.count(data.length) / perFrame);
    const frames = said > 0 ? Math.min(said, here) : here;
    const most = Math.max(...signals.filter((s) => microvolts(s.unit) !== undefined).map((s) => s.perFrame), 0);
    if (frames * perFrame > MOST_SAMPLES) throw new Unshowable('too_large', `${frames * perFrame}`);
    const ecg: Ecg = { leads: [], rateHz: hz * Math.max(1, most), warnings: [] };
    let first = 0;
    for (const s of signals) {
        const factor = microvolts(s.unit);
        if (factor !== undefined && s.perFrame === most) {
            const samples = new Float32Array(frames * most);
            for (let f = 0, n = 0; f < frames; f++)
                for (let k = 0; k < most; k++) samples[n++] = ((format!.read(data, f * perFrame + first + k) - s.baseline) / s.gain) * factor;
            ecg.leads.push({ name: leadByName(s.name), samples });
        } else if (!ecg.warnings.includes('other_rate')) ecg.warnings.push('other_rate');
        first += s.perFrame;
    }
    if (said > here) ecg.warnings.push('cut_short');
    if (startedAt) ecg.startedAt = startedAt;
    return ecg;
}

function started(time: string, date: string): string | undefined {
    const d = /^(\d\d)\/(\d\d)\/(\d{4})$/.exec(date);
    const t = /^(\d\d?):(\d\d):(\d\d)/.exec(time);
    return d && t ? `${d[3]}-${d[2]}-${d[1]}T${t[1]!.padStart(2, '0')}:${t[2]}:${t[3]}` : undefined;
}
