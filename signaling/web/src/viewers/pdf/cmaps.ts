// SPDX-License-Identifier: Apache-2.0
// Character maps of Chinese fonts that a PDF names but does not carry; each comes as a part of its own when a document
// needs it. Others are not served: such text is drawn with what the machine has.
type Map = Promise<{ default: Uint8Array }>;

const MAPS: Record<string, () => Map> = {
    'Adobe-GB1-UCS2': () => import('pdfjs-dist/cmaps/Adobe-GB1-UCS2.bcmap'),
    'GB-EUC-H': () => import('pdfjs-dist/cmaps/GB-EUC-H.bcmap'),
    'GBK-EUC-H': () => import('pdfjs-dist/cmaps/GBK-EUC-H.bcmap'),
    'GBK-EUC-V': () => import('pdfjs-dist/cmaps/GBK-EUC-V.bcmap'),
    'GBKp-EUC-H': () => import('pdfjs-dist/cmaps/GBKp-EUC-H.bcmap'),
    'GBK2K-H': () => import('pdfjs-dist/cmaps/GBK2K-H.bcmap'),
    'GBpc-EUC-H': () => import('pdfjs-dist/cmaps/GBpc-EUC-H.bcmap'),
    'UniGB-UCS2-H': () => import('pdfjs-dist/cmaps/UniGB-UCS2-H.bcmap'),
    'UniGB-UCS2-V': () => import('pdfjs-dist/cmaps/UniGB-UCS2-V.bcmap'),
    'UniGB-UTF16-H': () => import('pdfjs-dist/cmaps/UniGB-UTF16-H.bcmap'),
    'UniGB-UTF16-V': () => import('pdfjs-dist/cmaps/UniGB-UTF16-V.bcmap'),
};

/** What pdf.js asks; by its interface. */
export class ChineseMaps {
    async fetch({ name }: { name: string }): Promise<{ cMapData: Uint8Array; isCompressed: boolean }> {
        const load = MAPS[name];
        if (!load) throw new Error(`no character map ${name}`);
        return { cMapData: (await load()).default.slice(), isCompressed: true };
    }
}
