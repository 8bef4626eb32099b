// SPDX-License-Identifier: Apache-2.0
// The parts that make a picture of a file, together: for the worker and for tests.
export { describe, openDicom } from './info';
export { decodeFrame } from './decode';
export { frameOf } from './frames';
export { extent, fromNative, Pyramid } from './plane';
export { isInverted, render, windowed } from './render';
