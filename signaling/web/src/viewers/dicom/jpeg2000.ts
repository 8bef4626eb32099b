// SPDX-License-Identifier: Apache-2.0
import openjpeg from '@cornerstonejs/codec-openjpeg/decode';
import { decodeWith, type Decoder } from './codec';
import type { ImageInfo } from './info';
import type { Plane } from './plane';

type Module = { J2KDecoder: new () => Decoder };
let loading: Promise<Module> | undefined;

/** The codec itself undoes the colour transform (YBR_RCT, YBR_ICT). */
export async function decodeJpeg2000(info: ImageInfo, bytes: Uint8Array): Promise<Plane> {
    const module = await (loading ??= (openjpeg as () => Promise<Module>)());
    return decodeWith(new module.J2KDecoder(), info, bytes, info.photometric.startsWith('YBR_'), () => true);
}
