// SPDX-License-Identifier: Apache-2.0
// Vital signs over time: points out of the materials of a case, and where a value stands in the range of an adult at
// rest. Judges nothing more.
import type { Material } from '../model';

type Value = NonNullable<Material['values']>[number];
export type Code = Value['code'];
export interface Point { at: number; value: number } // ms
export interface Series { code: Code; unit: string; points: Point[] }

/** Adults at rest; others have no range here. */
export const RANGES: Partial<Record<Code, [from: number, to: number]>> = { heart_rate: [60, 100], respiratory_rate: [12, 20], systolic: [90, 139], diastolic: [60, 89], spo2: [95, 100], temperature: [36, 37.2], glucose: [3.9, 7.8], pain: [0, 3], coma_scale: [15, 15] };

/** How a unit is written for people. */
export const UNITS: Record<string, string> = { '/min': '/min', 'mm[Hg]': 'mmHg', '%': '%', Cel: '°C', 'mmol/L': 'mmol/L', kg: 'kg', cm: 'cm', '{score}': '' };

export type Standing = 'low' | 'high' | 'normal' | 'noRange';

export function standing(code: Code, value: number): Standing {
    const range = RANGES[code];
    if (!range) return 'noRange';
    return value < range[0] ? 'low' : value > range[1] ? 'high' : 'normal';
}

export function seriesOf(materials: Material[]): Series[] {
    const all = new Map<string, Series>();
    for (const m of materials) {
        const at = Date.parse(m.takenAt ?? m.addedAt);
        if (m.type !== 'vitals' || Number.isNaN(at)) continue;
        for (const v of m.values ?? []) {
            const series = all.get(v.code) ?? { code: v.code, unit: v.unit, points: [] };
            all.set(v.code, series);
            if (series.unit === v.unit) series.points.push({ at, value: v.value });
        }
    }
    for (const s of all.values()) s.points.sort((a, b) => a.at - b.at);
    return [...all.values()];
}

/** Least and greatest of an axis: all values and the range, with room above and below. */
export function axisOf(s: Series): [number, number] {
    const values = [...s.points.map((p) => p.value), ...(RANGES[s.code] ?? [])];
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const room = Math.max((most - least) * 0.15, 0.5);
    return [Math.max(0, least - room), s.unit === '%' ? Math.min(100, most + room) : most + room];
}
