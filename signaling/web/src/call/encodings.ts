// SPDX-License-Identifier: Apache-2.0
// How many sizes of a picture are sent at once, by the size in which the camera gives it. Browsers encode three of a large
// picture only: of a smaller one they would send the smallest and leave out the rest. Pure.
import type { types } from 'mediasoup-client';

type Encodings = types.RtpEncodingParameters[];

const LARGEST = 2; // place of the full picture where all three are sent

/** Least pixels of the camera's picture -> what is sent, smallest first. The first row that fits. */
const CAMERA: [number, Encodings][] = [
    [960 * 540, [{ scaleResolutionDownBy: 4, maxBitrate: 120_000 }, { scaleResolutionDownBy: 2, maxBitrate: 450_000 }, { scaleResolutionDownBy: 1, maxBitrate: 1_500_000 }]],
    [480 * 270, [{ scaleResolutionDownBy: 2, maxBitrate: 150_000 }, { scaleResolutionDownBy: 1, maxBitrate: 900_000 }]],
    [0, [{ scaleResolutionDownBy: 1, maxBitrate: 450_000 }]],
];

const temporal = (all: Encodings): Encodings => all.map((one) => ({ ...one, scalabilityMode: 'L1T3' }));

export const EXAMINATION: Encodings = temporal([{ maxBitrate: 2_500_000 }]);

/** A size that is not known (yet) counts as large. */
export function cameraEncodings({ width, height }: { width?: number; height?: number }): Encodings {
    const pixels = width && height ? width * height : Infinity;
    return temporal(CAMERA.find(([least]) => pixels >= least)![1]);
}

/** `size`: 0 small to 2 full, as of three; where fewer are sent, the nearest of those. */
export function topOf(count: number, size: number): number {
    return Math.max(0, size - (LARGEST + 1 - count));
}
