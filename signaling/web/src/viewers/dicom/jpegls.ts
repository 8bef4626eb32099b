// SPDX-License-Identifier: Apache-2.0
import { decodeWith, loadCodec, type Decoder } from './codec';
import type { ImageInfo } from './info';
import type { Plane } from './plane';

type Module = { JpegLSDecoder: new () => Decoder & { getInterleaveMode(): number } };
let loading: Promise<Module> | undefined;

export async function decodeJpegLs(info: ImageInfo, bytes: Uint8Array): Promise<Plane> {
    loading ??= loadCodec<Module>(() => Promise.all([import('@cornerstonejs/codec-charls/decodewasmjs'), import('@cornerstonejs/codec-charls/decodewasm')]), () => import('@cornerstonejs/codec-charls/decode'));
    const module = await loading;
    return decodeWith(new module.JpegLSDecoder(), info, bytes, false, (d) => (d as unknown as { getInterleaveMode(): number }).getInterleaveMode() !== 0);
}
