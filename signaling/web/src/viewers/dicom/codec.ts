// SPDX-License-Identifier: Apache-2.0
// JPEG-LS (CharLS) and JPEG 2000 (OpenJPEG): the same handling for both. WebAssembly where the content policy lets it
// be, else the same code as a plain script, some times slower.
import { packed } from './decode';
import type { ImageInfo } from './info';
import type { Plane, Samples } from './plane';

interface FrameInfo { width: number; height: number; bitsPerSample: number; componentCount: number; isSigned?: boolean }

export interface Decoder {
    getEncodedBuffer(length: number): Uint8Array;
    getDecodedBuffer(): Uint8Array;
    decode(): void;
    getFrameInfo(): FrameInfo;
    delete(): void;
}

type Factory<M> = (how?: { wasmBinary: Uint8Array; print(): void; printErr(): void }) => Promise<M>;
const silent = (): void => undefined; // what codecs say of a file is in nobody's console

/** `quick`: its glue and its WebAssembly; `plain`: all in one script. */
export async function loadCodec<M>(quick: () => Promise<[glue: { default: unknown }, binary: { default: Uint8Array }]>, plain: () => Promise<{ default: unknown }>): Promise<M> {
    try {
        if (!mayCompile()) throw new Error('not allowed');
        const [glue, binary] = await quick();
        return await (glue.default as Factory<M>)({ wasmBinary: binary.default, print: silent, printErr: silent });
    } catch {
        return (plain().then((m) => (m.default as Factory<M>)()));
    }
}

const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

function mayCompile(): boolean {
    try {
        return new WebAssembly.Module(EMPTY_MODULE) instanceof WebAssembly.Module;
    } catch {
        return false;
    }
}

/** `interleaved`: colours come pixel by pixel. */
export function decodeWith(decoder: Decoder, info: ImageInfo, bytes: Uint8Array, rgb: boolean, interleaved: (d: Decoder) => boolean): Plane {
    try {
        decoder.getEncodedBuffer(bytes.length).set(bytes);
        decoder.decode();
        const frame = decoder.getFrameInfo();
        const out = decoder.getDecodedBuffer().slice(); // off the codec's own memory
        const data: Samples = frame.bitsPerSample <= 8 ? (frame.isSigned ? new Int8Array(out.buffer) : out) : frame.isSigned ? new Int16Array(out.buffer) : new Uint16Array(out.buffer);
        const colour = frame.componentCount === 3;
        const ordered = colour && !interleaved(decoder) ? byPixel(data, frame.width * frame.height) : data;
        return packed({ ...info, bitsStored: Math.max(info.bitsStored, frame.bitsPerSample), photometric: colour && rgb ? 'RGB' : info.photometric }, frame, ordered, frame.componentCount);
    } finally {
        decoder.delete();
    }
}

function byPixel(data: Samples, count: number): Samples {
    const out = data.slice();
    for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) out[3 * i + c] = data[c * count + i]!;
    return out;
}
