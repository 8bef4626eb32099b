// SPDX-License-Identifier: Apache-2.0
// The worker behind the viewers of DICOM and ECG: loads, unpacks, draws, and hands finished pixels over. One worker
// for one opened material.
import { Engine, type Told } from './dicom/engine';
import type { Seen } from './dicom/render';
import type { Ecg } from './ecg/model';
import { parseEcg } from './ecg/parse';
import { headerOf } from './ecg/wfdb';
import { LoadError, loadBytes, loadHead } from './fetch';
import { Unshowable } from './unshowable';

export type Asked =
    | { type: 'dicom'; id: string }
    | { type: 'draw'; turn: number; frame: number; seen: Seen }
    | { type: 'probe'; turn: number; frame: number; x: number; y: number }
    | { type: 'ecg'; id: string; name: string; header: string | undefined; headers: string[] };

export type Answered =
    | Told
    | { type: 'drawn'; turn: number; frame: number; bitmap: ImageBitmap | null; quality: 'rough' | 'partial' | 'full' | null; ms: number }
    | { type: 'probed'; turn: number; values: number[] | null }
    | { type: 'ecg'; ecg: Ecg };

const scope = self as unknown as { postMessage(message: Answered, transfer?: Transferable[]): void; onmessage: (event: MessageEvent<Asked>) => void };
const tell = (message: Answered, transfer: Transferable[] = []): void => scope.postMessage(message, transfer);

const WHY: Record<number, Unshowable['code']> = { 401: 'not_yours', 403: 'not_yours', 404: 'gone', 410: 'gone' };

function reason(error: unknown): { code: Unshowable['code']; detail: string } {
    if (error instanceof Unshowable) return { code: error.code, detail: error.detail };
    if (error instanceof LoadError) return { code: WHY[error.status] ?? 'network', detail: '' };
    return { code: 'damaged', detail: '' };
}

const translated = async <T>(work: Promise<T>): Promise<T> => work.catch((error) => { const why = reason(error); throw new Unshowable(why.code, why.detail); });

let engine: Engine | null = null;

function openDicom(id: string): void {
    let head: Uint8Array | null = null; // not asked for twice
    engine = new Engine({
        head: async (bytes) => { const got = await translated(loadHead(id, bytes)); head = got.head; return got; },
        all: (here) => translated(loadRest(id, head!, here)),
        stretch: (from, to) => loadBytes(id, { from, to }),
        now: () => performance.now(),
    }, (told) => tell(told));
    void engine.open();
}

/** One buffer for all of it, filled as it comes; `here` sees it growing. */
async function loadRest(id: string, head: Uint8Array, here: (bytes: Uint8Array, loaded: number, total: number) => void): Promise<Uint8Array> {
    let whole = head;
    await loadBytes(id, { from: head.length, keep: false, onPiece: (piece, at, total) => {
        if (whole === head) {
            whole = new Uint8Array(total);
            whole.set(head);
        }
        whole.set(piece, at);
        here(whole, at + piece.length, total);
    } });
    return whole;
}

async function draw({ turn, frame, seen }: { turn: number; frame: number; seen: Seen }): Promise<void> {
    const began = performance.now();
    const drawn = await engine?.draw(frame, seen);
    const bitmap = drawn ? await createImageBitmap(new ImageData(drawn.pixels as Uint8ClampedArray<ArrayBuffer>, seen.width, seen.height)) : null;
    tell({ type: 'drawn', turn, frame, bitmap, quality: drawn?.quality ?? null, ms: performance.now() - began }, bitmap ? [bitmap] : []);
}

const textOf = async (id: string): Promise<string> => new TextDecoder('latin1').decode(await loadBytes(id));

async function openEcg(asked: { id: string; name: string; header: string | undefined; headers: string[] }): Promise<void> {
    const [bytes, text] = await Promise.all([
        loadBytes(asked.id, { onProgress: (loaded, total) => tell({ type: 'progress', loaded, total }) }),
        headerOf(asked, textOf),
    ]);
    const ecg = parseEcg(bytes, text, asked.name);
    tell({ type: 'ecg', ecg }, [ecg, ...ecg.others ?? []].flatMap((one) => one.leads.map((l) => l.samples.buffer as ArrayBuffer)));
}

scope.onmessage = ({ data }) => {
    const work = data.type === 'dicom' ? Promise.resolve(openDicom(data.id)) : data.type === 'draw' ? draw(data)
        : data.type === 'ecg' ? openEcg(data) : Promise.resolve(tell({ type: 'probed', turn: data.turn, values: engine?.probe(data.frame, data.x, data.y) ?? null }));
    work.catch((error) => tell({ type: 'failed', ...reason(error) }));
};
