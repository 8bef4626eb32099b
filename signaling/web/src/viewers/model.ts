// SPDX-License-Identifier: Apache-2.0
// What every viewer is given, and what a material is called. Refuses to know how anything is drawn.
import type { Result } from '../wire/connection';
import { stem } from './stem';
import { words } from './text';

export type Material = Result<'material.get'>['material'];

export interface ViewerProps {
    material: Material;
    /** Room of a call whose people see marks and pointers at once; left out: marks are only kept. */
    room?: string | undefined;
    /** The whole list, for those that need a second file (preview, header, earlier vitals). */
    all: Material[];
}

/** Materials that are listed: a preview stands behind its original, vital signs behind the newest. */
export function listed(all: Material[]): Material[] {
    return all.filter((m) => !(m.preview && originalOf(m, all)) && m.format !== 'wfdb_header' && (m.type !== 'vitals' || m === newestVitals(all)));
}

/** Its viewer shows all of them. */
function newestVitals(all: Material[]): Material | undefined {
    return vitalsOf(all).reduce<Material | undefined>((newest, m) => (newest && (newest.takenAt ?? newest.addedAt) >= (m.takenAt ?? m.addedAt) ? newest : m), undefined);
}

export function vitalsOf(all: Material[]): Material[] {
    return all.filter((m) => m.type === 'vitals');
}

/** The original that a preview stands for: by name, for the wire knows no other link. Where two have that name nobody
 *  knows which is whose, so each stands by itself: better no preview than another's. */
export function originalOf(preview: Material, all: Material[]): Material | undefined {
    const called = stem(preview.name);
    const same = called === '' ? [] : all.filter((m) => m.type !== 'audio' && stem(m.name) === called);
    const originals = same.filter((m) => !m.preview);
    return originals.length === 1 && same.length === 2 ? originals[0] : undefined;
}

export function previewOf(original: Material, all: Material[]): Material | undefined {
    return all.find((m) => m.preview && m.type === 'photo' && originalOf(m, all)?.id === original.id);
}

export type Kind = 'photo' | 'pdf' | 'dicom' | 'ecg' | 'audio' | 'vitals';

/** A DICOM waveform is an ECG, whichever type it was sent as. */
export function kindOf(m: Material): Kind {
    if (m.type === 'dicom' && (m.details?.modality === 'ECG' || (m.details?.leads?.length ?? 0) > 0)) return 'ecg';
    return m.type;
}

/** By its file: what the header calls it may read like a diagnosis, and stays among the facts. */
export function titleOf(m: Material): string {
    return m.name || words(`type.${kindOf(m)}`);
}

/** "Image (DICOM) CT" */
export function kindText(m: Material): string {
    const kind = kindOf(m);
    return kind === 'dicom' && m.details?.modality ? `${words('type.dicom')} ${m.details.modality}` : words(`type.${kind}`);
}

export function sizeText(bytes: number): string {
    if (bytes < 1000) return `${bytes} B`;
    return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
