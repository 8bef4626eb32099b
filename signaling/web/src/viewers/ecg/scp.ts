// SPDX-License-Identifier: Apache-2.0
// SCP-ECG (EN 1064, ISO 11073-91064): rhythm of section 6, with Huffman tables, first and second differences and
// subtracted reference beats. Not: bimodal compression (decimated rhythm), which is refused by name. Sections with
// identity and interpretation are not read, but for the time of recording.
import { Unshowable } from '../unshowable';
import { decode, readTables, type Table } from './huffman';
import { bounded, checked, leadByNumber, MOST_LEADS, MOST_SAMPLES, type Ecg } from './model';

const SECTION_HEADER = 16;
const FILE_HEADER = 6; // checksum and size of the record

type Sections = Map<number, Uint8Array>;

const viewOf = (b: Uint8Array): DataView => new DataView(b.buffer, b.byteOffset, b.byteLength);

export function isScp(bytes: Uint8Array): boolean {
    return bytes.length > 32 && String.fromCharCode(...bytes.subarray(16, 22)) === 'SCPECG' && bytes[8] === 0 && bytes[9] === 0;
}

/** Sections by number, without their headers, by the pointers of section 0. */
function sectionsOf(bytes: Uint8Array): { sections: Sections; cut: boolean } {
    const view = viewOf(bytes);
    const sections: Sections = new Map();
    let cut = false;
    const end = Math.min(bytes.length, FILE_HEADER + view.getUint32(FILE_HEADER + 4, true));
    for (let at = FILE_HEADER + SECTION_HEADER; at + 10 <= end; at += 10) {
        const [id, length, index] = [view.getUint16(at, true), view.getUint32(at + 2, true), view.getUint32(at + 6, true)];
        if (length <= SECTION_HEADER || index === 0) continue;
        const from = index - 1;
        if (from + length > bytes.length) cut = true;
        if (from + SECTION_HEADER < bytes.length) sections.set(id, bytes.subarray(from + SECTION_HEADER, Math.min(bytes.length, from + length)));
    }
    return { sections, cut };
}

interface Layout { leads: { number: number; first: number; last: number }[]; subtracted: boolean }

function layoutOf(section: Uint8Array): Layout {
    const view = viewOf(section);
    const count = bounded(view.getUint8(0), 1, MOST_LEADS, 'leads');
    const leads = Array.from({ length: count }, (_, i) => {
        const at = 2 + 9 * i;
        return { first: view.getUint32(at, true), last: view.getUint32(at + 4, true), number: view.getUint8(at + 8) };
    });
    return { leads, subtracted: (view.getUint8(1) & 1) !== 0 };
}

interface Signal { nanovolts: number; intervalUs: number; leads: Int32Array[] }

/** Sections 5 (reference beat) and 6 (rhythm) are laid out alike, but for what byte 5 says. */
function signalOf(section: Uint8Array, leadCount: number, samples: (lead: number, us: number) => number, tables: Table[] | null): Signal {
    const view = viewOf(section);
    const nanovolts = bounded(view.getUint16(0, true), 1, 65535, 'amplitude');
    const intervalUs = bounded(view.getUint16(2, true), 10, 65535, 'interval');
    const difference = view.getUint8(4);
    if (difference > 2) throw new Unshowable('damaged', 'difference');
    let at = 6 + 2 * leadCount;
    const leads: Int32Array[] = [];
    for (let i = 0; i < leadCount; i++) {
        const length = view.getUint16(6 + 2 * i, true);
        const data = section.subarray(at, at + length);
        const count = bounded(samples(i, intervalUs), 0, MOST_SAMPLES / leadCount, 'samples');
        const values = tables ? decode(data, tables, count) : raw(data, count);
        undo(values, difference);
        leads.push(values);
        at += length;
    }
    return { nanovolts, intervalUs, leads };
}

function raw(data: Uint8Array, count: number): Int32Array {
    const view = viewOf(data);
    return Int32Array.from({ length: Math.min(count, data.length >> 1) }, (_, i) => view.getInt16(2 * i, true));
}

/** First or second differences back to samples, in place. */
function undo(v: Int32Array, difference: number): void {
    if (difference === 1) for (let i = 1; i < v.length; i++) v[i] = v[i]! + v[i - 1]!;
    if (difference === 2) for (let i = 2; i < v.length; i++) v[i] = v[i]! + 2 * v[i - 1]! - v[i - 2]!;
}

/** Section 4 says where the reference beat (section 5) was taken away: put it back. In µV of the rhythm's scale. */
function restoreBeats(leads: Float32Array[], layout: Layout, beat: Signal, qrs: Uint8Array): void {
    const view = viewOf(qrs);
    const fiducial = view.getUint16(2, true);
    const count = Math.min(view.getUint16(4, true), Math.floor((qrs.length - 6) / 14));
    for (let i = 0; i < count; i++) {
        const at = 6 + 14 * i;
        if (view.getUint16(at, true) !== 0) continue; // another type of beat: nothing was taken away
        const [begin, peak, end] = [view.getUint32(at + 2, true), view.getUint32(at + 6, true), view.getUint32(at + 10, true)];
        leads.forEach((samples, lead) => {
            const reference = beat.leads[lead]!;
            for (let n = begin; n <= end; n++) {
                const place = n - layout.leads[lead]!.first;
                const value = reference[n - peak + fiducial - 1];
                if (value !== undefined && place >= 0 && place < samples.length) samples[place] = samples[place]! + (value * beat.nanovolts) / 1000;
            }
        });
    }
}

/** Tags 25 (date) and 26 (time) of section 1; all others are of the person and stay there. */
function startOf(section: Uint8Array | undefined): string | undefined {
    if (!section) return undefined;
    const two = (n: number): string => String(n).padStart(2, '0');
    const view = viewOf(section);
    let date = '';
    let time = '';
    for (let at = 0; at + 3 <= section.length; ) {
        const [tag, length] = [view.getUint8(at), view.getUint16(at + 1, true)];
        const v = at + 3;
        if (tag === 255 || v + length > section.length) break;
        if (tag === 25 && length === 4) date = `${view.getUint16(v, true)}-${two(view.getUint8(v + 2))}-${two(view.getUint8(v + 3))}`;
        if (tag === 26 && length === 3) time = `${two(view.getUint8(v))}:${two(view.getUint8(v + 1))}:${two(view.getUint8(v + 2))}`;
        at = v + length;
    }
    return date && time ? `${date}T${time}` : undefined;
}

export function parseScp(bytes: Uint8Array): Ecg {
    try {
        return parse(bytes);
    } catch (error) {
        if (error instanceof RangeError) throw new Unshowable('cut_short'); // a number past the end
        throw error;
    }
}

function parse(bytes: Uint8Array): Ecg {
    const { sections, cut } = sectionsOf(bytes);
    const [leadSection, rhythmSection] = [sections.get(3), sections.get(6)];
    if (!leadSection || !rhythmSection) throw new Unshowable(cut ? 'cut_short' : 'no_signal');
    const layout = layoutOf(leadSection);
    const tables = sections.has(2) ? readTables(viewOf(sections.get(2)!)) : null;
    if (layout.subtracted && rhythmSection[5] === 1) throw new Unshowable('codec', 'SCP-ECG bimodal');
    const rhythm = signalOf(rhythmSection, layout.leads.length, (i) => layout.leads[i]!.last - layout.leads[i]!.first + 1, tables);
    const leads = rhythm.leads.map((v) => Float32Array.from(v, (n) => (n * rhythm.nanovolts) / 1000));
    const [qrs, beatSection] = [sections.get(4), sections.get(5)];
    if (layout.subtracted && qrs && beatSection) {
        const ms = viewOf(qrs).getUint16(0, true);
        restoreBeats(leads, layout, signalOf(beatSection, layout.leads.length, (_, us) => Math.floor((ms * 1000) / us), tables), qrs);
    }
    const short = rhythm.leads.some((v, i) => v.length < layout.leads[i]!.last - layout.leads[i]!.first + 1);
    const ecg: Ecg = { leads: layout.leads.map((l, i) => ({ name: leadByNumber(l.number), samples: leads[i]! })), rateHz: 1e6 / rhythm.intervalUs, warnings: cut || short ? ['cut_short'] : [] };
    const began = startOf(sections.get(1));
    if (began) ecg.startedAt = began;
    return checked(withDerived(ecg));
}

/** Many devices store eight leads; the other four follow from I and II (Einthoven, Goldberger). */
export function withDerived(ecg: Ecg): Ecg {
    const find = (name: string): Float32Array | undefined => ecg.leads.find((l) => l.name === name)?.samples;
    const [I, II] = [find('I'), find('II')];
    if (!I || !II || find('III') || find('aVR')) return ecg;
    const of = (f: (a: number, b: number) => number): Float32Array => I.map((v, i) => f(v, II[i] ?? NaN));
    const derived = [{ name: 'III', samples: of((a, b) => b - a) }, { name: 'aVR', samples: of((a, b) => -(a + b) / 2) }, { name: 'aVL', samples: of((a, b) => a - b / 2) }, { name: 'aVF', samples: of((a, b) => b - a / 2) }];
    const at = ecg.leads.findIndex((l) => l.name === 'II') + 1;
    return { ...ecg, leads: [...ecg.leads.slice(0, at), ...derived, ...ecg.leads.slice(at)] };
}
