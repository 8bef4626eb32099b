// SPDX-License-Identifier: Apache-2.0
// DICOM waveforms (PS3.3 C.10.9): its groups in microvolts. Annotations are left alone.
import { parseDicom, type DataSet } from 'dicom-parser';
import { Unshowable } from '../unshowable';
import { merged, type Group } from './groups';
import { bounded, checked, leadByName, leadByNumber, microvolts, MOST_LEADS, MOST_SAMPLES, type Ecg, type Lead } from './model';

const WAVEFORMS = 'x54000100';
const MOST_GROUPS = 64;
const LONGEST_TITLE = 40;
/** (5400,1006) sample interpretation: bytes and how one is read, little endian. */
const SAMPLES: Record<string, { bytes: number; read(v: DataView, at: number): number }> = {
    SB: { bytes: 1, read: (v, at) => v.getInt8(at) }, UB: { bytes: 1, read: (v, at) => v.getUint8(at) },
    SS: { bytes: 2, read: (v, at) => v.getInt16(at, true) }, US: { bytes: 2, read: (v, at) => v.getUint16(at, true) },
    SL: { bytes: 4, read: (v, at) => v.getInt32(at, true) }, UL: { bytes: 4, read: (v, at) => v.getUint32(at, true) },
};

const items = (set: DataSet, tag: string): DataSet[] => (set.elements[tag]?.items ?? []).map((i) => i.dataSet).filter((d): d is DataSet => d !== undefined);

function nameOf(channel: DataSet): string {
    const [source] = items(channel, 'x003a0208');
    const number = /(?:^5\.6\.3-9-|^2:)(\d+)$/.exec(source?.string('x00080100') ?? '')?.[1];
    return number ? leadByNumber(Number(number)) : leadByName(source?.string('x00080104') ?? channel.string('x003a0203') ?? '?');
}

/** µV per unit of the samples and what lies at zero; null: not a voltage. */
function scaleOf(channel: DataSet): { gain: number; offset: number } | null {
    const [unit] = items(channel, 'x003a0211');
    const factor = microvolts(unit?.string('x00080100') ?? '');
    const sensitivity = channel.floatString('x003a0210');
    if (factor === undefined || sensitivity === undefined) return null;
    const gain = sensitivity * (channel.floatString('x003a0212') ?? 1) * factor;
    return { gain, offset: (channel.floatString('x003a0213') ?? 0) * factor };
}

function filterOf(channel: DataSet | undefined): string | undefined {
    const [low, high, notch] = ['x003a0220', 'x003a0221', 'x003a0222'].map((tag) => channel?.floatString(tag));
    const parts = [low || high ? `${low ?? 0}–${high ?? '?'} Hz` : '', notch ? `notch ${notch} Hz` : ''].filter(Boolean);
    return parts.length ? parts.join(', ') : undefined;
}

function leadsOf(group: DataSet, bytes: Uint8Array, warnings: Ecg['warnings']): Lead[] {
    const channels = bounded(group.uint16('x003a0005') ?? 0, 1, MOST_LEADS, 'channels');
    const said = bounded(group.uint32('x003a0010') ?? 0, 1, MOST_SAMPLES / channels, 'samples');
    const kind = SAMPLES[group.string('x54001006') ?? ''];
    const data = group.elements['x54001010'];
    if (!kind || !data) throw new Unshowable('codec', group.string('x54001006') ?? '?');
    const from = data.dataOffset;
    const here = Math.floor(Math.min(data.length, bytes.length - from) / (kind.bytes * channels));
    if (here < said && !warnings.includes('cut_short')) warnings.push('cut_short');
    const count = Math.min(said, here);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return items(group, 'x003a0200').slice(0, channels).flatMap((channel, c) => {
        const scale = scaleOf(channel);
        if (!scale) return [];
        const samples = new Float32Array(count);
        for (let i = 0; i < count; i++) samples[i] = kind.read(view, from + (i * channels + c) * kind.bytes) * scale.gain + scale.offset;
        return [{ name: nameOf(channel), samples }];
    });
}

/** 20021122091000 -> 2002-11-22T09:10:00 */
function moment(set: DataSet): string | undefined {
    const m = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(set.string('x0008002a') ?? '');
    return m ? `${m[1]}-${m[2]}-${m[3]}T${m[4]}:${m[5]}:${m[6]}` : undefined;
}

function groupOf(set: DataSet, bytes: Uint8Array): Group {
    const warnings: Ecg['warnings'] = [];
    const leads = leadsOf(set, bytes, warnings);
    if (leads.length < items(set, 'x003a0200').length) warnings.push('other_rate');
    return { leads, rateHz: set.floatString('x003a001a') ?? 0, startMs: set.floatString('x00181068'), derived: set.string('x003a0004') === 'DERIVED',
        title: (set.string('x003a0020') ?? '').slice(0, LONGEST_TITLE), filter: filterOf(items(set, 'x003a0200')[0]), warnings };
}

/** Groups that can be opened; of none, why the first can't. */
function groupsOf(sets: DataSet[], bytes: Uint8Array): Group[] {
    const groups: Group[] = [];
    let why: unknown = null;
    let total = 0;
    for (const set of sets.slice(0, MOST_GROUPS)) {
        try {
            const group = groupOf(set, bytes);
            if (group.leads.length && group.leads[0]!.samples.length) groups.push(group);
            total += group.leads.reduce((sum, l) => sum + l.samples.length, 0);
        } catch (error) {
            why ??= error;
        }
        if (total > MOST_SAMPLES) throw new Unshowable('too_large', `${total}`);
    }
    if (groups.length === 0) throw why ?? new Unshowable('no_signal');
    if (groups.length < sets.length) for (const { warnings } of groups) if (!warnings.includes('other_rate')) warnings.push('other_rate');
    return groups;
}

export function parseWaveform(bytes: Uint8Array): Ecg[] {
    let set: DataSet;
    try {
        set = parseDicom(bytes);
    } catch {
        throw new Unshowable('damaged', 'dicom');
    }
    const startedAt = moment(set);
    return merged(groupsOf(items(set, WAVEFORMS), bytes)).map(({ leads, rateHz, title, filter, warnings }) => checked({
        leads, rateHz, warnings, ...(title && { title }), ...(startedAt && { startedAt }), ...(filter && { deviceFilter: filter }) }));
}
