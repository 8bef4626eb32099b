// SPDX-License-Identifier: Apache-2.0
// One file to /materials/ by tus 1.0 (docs/protocol/materials.md): resumed where the server stands, each piece with its
// SHA-256, the whole with its own; pieces as long as the link carries in about four seconds, and paced while people
// speak. Done means: the server has named the material and its hash is ours.
import { DetailedError, Upload, type HttpRequest } from 'tus-js-client';
import { server } from '../wire/server';
import { Problem, type OutboxEnvironment, type UploadTask } from './outbox';
import { FileGone, readFile, type FileRef, type Store } from './files';
import { callPace, nextPiece, pauseAfter, yielding } from './pace';

const FIRST_PIECE = 64 * 1024;
const FIRST_PIECE_IN_CALL = 4 * 1024;
const AGAIN = new Set([0, 401, 408, 409, 423, 429, 460, 500, 502, 503, 504, 507]);
const GONE = { 'zh-CN': '文件已不在本机，无法发送。请点“不再发送”，再重新添加这个文件。', en: 'The file is not on this machine any more and can’t be sent. Press “Do not send”, then add it again.' };
const NETWORK = { 'zh-CN': '网络中断，恢复后自动继续。', en: 'The network was lost; it goes on by itself.' };

async function checksum(blob: Blob): Promise<string> {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
    return `sha256 ${btoa(String.fromCharCode(...digest))}`;
}

/** What the server said, or that the network failed. */
function problemOf(error: Error): Problem {
    const reply = error instanceof DetailedError ? error.originalResponse : null;
    if (!reply) return new Problem(NETWORK, true);
    const status = reply.getStatus();
    try {
        const said = (JSON.parse(reply.getBody()) as { error: { message: string; messageEn: string } }).error;
        return new Problem({ 'zh-CN': said.message, en: said.messageEn }, AGAIN.has(status));
    } catch {
        return new Problem({ 'zh-CN': `服务器未接收（${status}）。`, en: `The server did not take it (${status}).` }, AGAIN.has(status));
    }
}

/** The pieces of a kept file, each with its checksum ready when it is sent. */
class Source {
    last = '';
    gone = false;
    constructor(private readonly store: Store, private readonly ref: FileRef) {}
    get size(): number { return this.ref.bytes; }
    async slice(start: number, end: number): Promise<{ value: Blob; done: boolean }> {
        const value = await readFile(this.store, this.ref, start, end).catch((error) => {
            this.gone = error instanceof FileGone;
            throw error;
        });
        this.last = await checksum(value);
        return { value, done: end >= this.ref.bytes };
    }
    close(): void { /* nothing is open */ }
}

function metadataOf(task: UploadTask): Record<string, string> {
    return {
        type: task.file.type, consultation: String(task.consultation), sha256: task.file.sha256,
        ...(task.file.name ? { filename: task.file.name } : {}),
        ...(task.preview ? { preview: '1' } : {}),
        ...(task.header ? { header: String(task.header) } : {}),
    };
}

/** Gives way for so long, at most until nobody speaks any more. */
function giveWay(ms: number, stop: AbortSignal): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
        const end = (): void => { clearTimeout(timer); calm(); resolve(); };
        const timer = setTimeout(end, ms);
        const calm = yielding.subscribe((on) => { if (!on) queueMicrotask(end); });
        stop.addEventListener('abort', end, { once: true });
    });
}

function transfer(store: Store, task: UploadTask, told: { url(url: string): void; sent(bytes: number): void }, stop: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
        const source = new Source(store, task.file);
        let begun = performance.now();
        let material = '';
        let pause = 0; // ms before the next piece
        const upload = new Upload(task.file as unknown as Blob, {
            endpoint: `${location.origin}/materials/`, uploadUrl: task.url ?? null, metadata: metadataOf(task), chunkSize: yielding.value ? FIRST_PIECE_IN_CALL : FIRST_PIECE, retryDelays: null,
            storeFingerprintForResuming: false, fileReader: { openFile: () => Promise.resolve(source) }, fingerprint: () => Promise.resolve(''),
            onBeforeRequest: async (request: HttpRequest) => {
                if (request.getMethod() !== 'PATCH') return;
                await giveWay(pause, stop);
                request.setHeader('Upload-Checksum', source.last);
                begun = performance.now();
            },
            onAfterResponse: (_request, reply) => { material = reply.getHeader('Shanqiao-Material') ?? material; },
            onUploadUrlAvailable: () => { if (upload.url) told.url(upload.url); },
            onProgress: (bytes) => told.sent(bytes),
            onChunkComplete: (bytes) => {
                const took = performance.now() - begun;
                pause = pauseAfter(bytes, took, yielding.value, callPace.value);
                upload.options.chunkSize = nextPiece(upload.options.chunkSize ?? FIRST_PIECE, bytes, took, yielding.value, callPace.value);
            },
            onSuccess: () => resolve(material),
            onError: (error) => reject(source.gone ? new Problem(GONE, false) : problemOf(error)),
        });
        stop.addEventListener('abort', () => { void upload.abort(); reject(new Problem(NETWORK, true)); }, { once: true });
        upload.start();
    });
}

/** The upload of the outbox's environment. */
export function uploader(store: Store): OutboxEnvironment['upload'] {
    return async (task, told, stop) => {
        const materialId = await transfer(store, task, told, stop);
        if (!materialId) throw new Problem(NETWORK, true); // its name comes with the next HEAD
        const { material } = await server.call('material.get', { id: materialId });
        if (material.sha256 !== undefined && material.sha256 !== task.file.sha256)
            throw new Problem({ 'zh-CN': '服务器收到的内容与原文件不符，原文件仍保留。请重试。', en: 'What the server has is not the file; the file is kept. Try again.' }, false);
        return { materialId };
    };
}
