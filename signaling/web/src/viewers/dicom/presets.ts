// SPDX-License-Identifier: Apache-2.0
// Windows to choose from: of the file, of its values, and for CT the usual ones in Hounsfield units.
import type { ImageInfo, Window } from './info';
import type { Values } from './engine';

export type PresetKey = 'file' | 'curve' | 'full' | 'soft' | 'lung' | 'bone' | 'brain' | 'mediastinum' | 'liver';
/** `lut`: a curve of the file, instead of a window. */
export interface Preset { key: PresetKey; name: string; centre: number; width: number; lut: number | null }

const CT: Record<Exclude<PresetKey, 'file' | 'curve' | 'full'>, [centre: number, width: number]> = { soft: [40, 400], lung: [-600, 1500], bone: [480, 2500], brain: [40, 80], mediastinum: [50, 350], liver: [60, 160] };

export function presetsOf(info: ImageInfo, values: Values): Preset[] {
    const own = info.windows.map((w: Window) => ({ key: 'file' as const, name: w.name, centre: w.centre, width: w.width, lut: null }));
    const full = { key: 'full' as const, name: '', centre: (values.least + values.most + 1) / 2, width: Math.max(1, values.most - values.least + 1), lut: null };
    const curves = info.voiLuts.map((l, i) => ({ ...full, key: 'curve' as const, name: l.name, lut: i }));
    const usual = info.unit === 'HU' ? (Object.entries(CT) as [Preset['key'], [number, number]][]).map(([key, [centre, width]]) => ({ key, name: '', centre, width, lut: null })) : [];
    return [...own, ...curves, full, ...usual];
}

/** What a picture opens with: the file's own window or curve, soft tissue for CT, or all values. */
export function firstLook(info: ImageInfo, values: Values): Pick<Preset, 'centre' | 'width' | 'lut'> {
    const presets = presetsOf(info, values);
    const first = presets.find((p) => p.key === 'file') ?? presets.find((p) => p.key === 'curve') ?? presets.find((p) => p.key === 'soft') ?? presets[0]!;
    return { centre: first.centre, width: first.width, lut: first.lut };
}
