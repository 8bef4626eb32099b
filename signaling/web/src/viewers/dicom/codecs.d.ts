// SPDX-License-Identifier: Apache-2.0
declare module '@cornerstonejs/codec-charls/decode';
declare module '@cornerstonejs/codec-charls/decodewasmjs';
declare module '@cornerstonejs/codec-charls/decodewasm' { const bytes: Uint8Array; export default bytes; }
declare module '@cornerstonejs/codec-openjpeg/decode';
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs';
declare module '@cornerstonejs/codec-openjpeg/decodewasm' { const bytes: Uint8Array; export default bytes; }
declare module 'pdfjs-dist/legacy/image_decoders/pdf.image_decoders.mjs' {
    export const JpegImage: unknown;
    export const VerbosityLevel: { ERRORS: number };
    export function setVerbosityLevel(level: number): void;
}
