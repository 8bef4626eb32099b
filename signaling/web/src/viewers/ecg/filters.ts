// SPDX-License-Identifier: Apache-2.0
// Filters that a person may switch on, each with a name; none is on by itself. Run forward and backward, so that no
// wave is moved in time. Only what is shown is filtered, however long the record.
import type { Ecg } from './model';

export type FilterKey = 'baseline' | 'muscle' | 'mains50';
export const FILTERS: FilterKey[] = ['baseline', 'muscle', 'mains50'];

interface Biquad { b: [number, number, number]; a: [number, number] }

const Q = Math.SQRT1_2;
const NOTCH_Q = 8;
const RUN_IN_S = 10; // on both sides of what is shown: the slowest filter has forgotten its start in five

/** Audio EQ cookbook forms (R. Bristow-Johnson). */
function biquad(kind: 'low' | 'high' | 'notch', hz: number, rate: number): Biquad {
    const w = (2 * Math.PI * hz) / rate;
    const [cos, alpha] = [Math.cos(w), Math.sin(w) / (2 * (kind === 'notch' ? NOTCH_Q : Q))];
    const a0 = 1 + alpha;
    const b: [number, number, number] = kind === 'low' ? [(1 - cos) / 2, 1 - cos, (1 - cos) / 2] : kind === 'high' ? [(1 + cos) / 2, -(1 + cos), (1 + cos) / 2] : [1, -2 * cos, 1];
    return { b: [b[0] / a0, b[1] / a0, b[2] / a0], a: [(-2 * cos) / a0, (1 - alpha) / a0] };
}

const OF: Record<FilterKey, (rate: number) => Biquad | null> = {
    baseline: (rate) => biquad('high', 0.5, rate),
    muscle: (rate) => (rate > 100 ? biquad('low', 40, rate) : null),
    mains50: (rate) => (rate > 120 ? biquad('notch', 50, rate) : null),
};

/** A signal sampled too slowly holds nothing that such a filter could take away. */
export const applies = (key: FilterKey, rate: number): boolean => OF[key](rate) !== null;

function run(f: Biquad, v: Float32Array): void {
    // starts as if the first value had always been there
    const x0 = v.find((x) => !Number.isNaN(x)) ?? 0;
    const gain = (f.b[0] + f.b[1] + f.b[2]) / (1 + f.a[0] + f.a[1]);
    let [x1, x2, y1, y2] = [x0, x0, x0 * gain, x0 * gain];
    for (let i = 0; i < v.length; i++) {
        const x = Number.isNaN(v[i]!) ? x1 : v[i]!;
        const y = f.b[0] * x + f.b[1] * x1 + f.b[2] * x2 - f.a[0] * y1 - f.a[1] * y2;
        [x2, x1, y2, y1] = [x1, x, y1, y];
        v[i] = y;
    }
}

export function filtered(samples: Float32Array, rate: number, keys: FilterKey[]): Float32Array {
    const out = samples.slice();
    for (const key of keys) {
        const f = OF[key](rate);
        if (!f) continue;
        run(f, out);
        out.reverse();
        run(f, out);
        out.reverse();
    }
    for (let i = 0; i < out.length; i++) if (Number.isNaN(samples[i]!)) out[i] = NaN; // a gap stays a gap
    return out;
}

/** The seconds that a sheet shows as an ECG of its own, filtered as if all of it had been. */
export function pageOf(ecg: Ecg, from: number, seconds: number, keys: FilterKey[]): Ecg {
    const first = Math.round(from * ecg.rateHz);
    const end = first + Math.round(seconds * ecg.rateHz) + 1;
    const begin = Math.max(0, first - Math.round(RUN_IN_S * ecg.rateHz));
    const cut = (samples: Float32Array): Float32Array => (keys.length
        ? filtered(samples.subarray(begin, end + Math.round(RUN_IN_S * ecg.rateHz)), ecg.rateHz, keys).subarray(first - begin, end - begin)
        : samples.subarray(first, end));
    return { ...ecg, leads: ecg.leads.map(({ name, samples }) => ({ name, samples: cut(samples) })) };
}
