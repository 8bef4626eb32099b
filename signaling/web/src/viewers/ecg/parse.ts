// SPDX-License-Identifier: Apache-2.0
// Which format an ECG has is told by its bytes, never by its name.
import { Unshowable } from '../unshowable';
import { parseAecg } from './aecg';
import { parseEdf } from './edf';
import type { Ecg } from './model';
import { isScp, parseScp, withDerived } from './scp';
import { parseWaveform } from './waveform';
import { parseWfdb } from './wfdb';

const starts = (bytes: Uint8Array, text: string, at = 0): boolean => [...text].every((c, i) => bytes[at + i] === c.charCodeAt(0));

function isXml(bytes: Uint8Array): boolean {
    const text = new TextDecoder('latin1').decode(bytes.subarray(0, 64)).replace(/[\0\u00ef\u00bb\u00bf\u00ff\u00fe\s]/g, '');
    return text.startsWith('<?xml') || text.startsWith('<Annot');
}

/** `header`: text of the .hea that belongs to the WFDB signal `name`. */
export function parseEcg(bytes: Uint8Array, header?: string, name?: string): Ecg {
    if (header !== undefined) return withDerived(parseWfdb(header, bytes, name));
    if (starts(bytes, 'DICM', 128)) {
        const [first, ...others] = parseWaveform(bytes).map(withDerived);
        return others.length ? { ...first!, others } : first!;
    }
    if (isScp(bytes)) return parseScp(bytes);
    if (starts(bytes, '0       ')) return withDerived(parseEdf(bytes));
    if (isXml(bytes)) return withDerived(parseAecg(bytes));
    throw new Unshowable('unreadable');
}
