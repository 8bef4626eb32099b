// SPDX-License-Identifier: Apache-2.0
import { decodeWith, loadCodec, type Decoder } from './codec';
import type { ImageInfo } from './info';
import type { Plane } from './plane';

type Module = { J2KDecoder: new () => Decoder };
let loading: Promise<Module> | undefined;

/** The codec itself undoes the colour transform (YBR_RCT, YBR_ICT). */
export async function decodeJpeg2000(info: ImageInfo, bytes: Uint8Array): Promise<Plane> {
    loading ??= loadCodec<Module>(() => Promise.all([import('@cornerstonejs/codec-openjpeg/decodewasmjs'), import('@cornerstonejs/codec-openjpeg/decodewasm')]), () => import('@cornerstonejs/codec-openjpeg/decode'));
    const module = await loading;
    return decodeWith(new module.J2KDecoder(), info, bytes, info.photometric.startsWith('YBR_'), () => true);
}
