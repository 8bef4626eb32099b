// SPDX-License-Identifier: Apache-2.0
import charls from '@cornerstonejs/codec-charls/decode';
import { decodeWith, type Decoder } from './codec';
import type { ImageInfo } from './info';
import type { Plane } from './plane';

type Module = { JpegLSDecoder: new () => Decoder & { getInterleaveMode(): number } };
let loading: Promise<Module> | undefined;

export async function decodeJpegLs(info: ImageInfo, bytes: Uint8Array): Promise<Plane> {
    const module = await (loading ??= (charls as () => Promise<Module>)());
    return decodeWith(new module.JpegLSDecoder(), info, bytes, false, (d) => (d as unknown as { getInterleaveMode(): number }).getInterleaveMode() !== 0);
}
