// SPDX-License-Identifier: Apache-2.0
// As much XML as an annotated ECG needs, for workers have no DOMParser. No document types, no entities of one's own, so
// nothing can grow or reach out; bounded depth and number of elements.
import { Unshowable } from '../unshowable';

export interface Node {
    name: string; // without prefix
    attributes: Record<string, string>;
    children: Node[];
    text: string;
}

const DEEPEST = 64;
const MOST_NODES = 500_000;
const NAMED: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const unescape = (text: string): string => text.includes('&')
    ? text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{2,4}));/gi, (all, hex: string, dec: string, name: string) => (name ? NAMED[name] ?? all : fromCode(hex ? parseInt(hex, 16) : Number(dec))))
    : text;
const fromCode = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : '');
const local = (name: string): string => name.slice(name.indexOf(':') + 1);

export function textOf(bytes: Uint8Array): string {
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : null;
    if (utf16) return new TextDecoder(utf16).decode(bytes);
    const declared = /encoding=["']([\w-]{1,20})["']/.exec(new TextDecoder('latin1').decode(bytes.subarray(0, 200)))?.[1];
    try {
        return new TextDecoder(declared ?? 'utf-8').decode(bytes);
    } catch {
        return new TextDecoder().decode(bytes); // an encoding nobody knows: numbers are ASCII anyway
    }
}

function attributesOf(text: string): Record<string, string> {
    const out: Record<string, string> = {};
    for (const [, name, a, b] of text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) out[local(name!)] = unescape(a ?? b ?? '');
    return out;
}

export function parseXml(source: string): Node {
    const root: Node = { name: '', attributes: {}, children: [], text: '' };
    const open: Node[] = [root];
    let nodes = 0;
    for (let at = 0; at < source.length; ) {
        const start = source.indexOf('<', at);
        const top = open[open.length - 1]!;
        if (start > at) top.text += unescape(source.slice(at, start));
        if (start < 0) break;
        const special = skipSpecial(source, start, top);
        if (special > 0) {
            at = special;
            continue;
        }
        const end = source.indexOf('>', start);
        if (end < 0) throw new Unshowable('cut_short');
        const inner = source.slice(start + 1, end);
        at = end + 1;
        if (inner.startsWith('/')) {
            if (open.length < 2) throw new Unshowable('damaged', 'xml');
            open.pop();
            continue;
        }
        if (++nodes > MOST_NODES || open.length > DEEPEST) throw new Unshowable('damaged', 'xml');
        const name = /^[^\s/]+/.exec(inner)?.[0];
        if (!name) throw new Unshowable('damaged', 'xml');
        const node: Node = { name: local(name), attributes: attributesOf(inner.slice(name.length)), children: [], text: '' };
        top.children.push(node);
        if (!inner.endsWith('/')) open.push(node);
    }
    if (open.length > 1) throw new Unshowable('cut_short');
    const first = root.children[0];
    if (!first) throw new Unshowable('unreadable');
    return first;
}

/** Past a comment, instruction, CDATA or DOCTYPE; 0: it is an element. */
function skipSpecial(source: string, start: number, top: Node): number {
    const past = (end: string, from: number): number => {
        const at = source.indexOf(end, from);
        if (at < 0) throw new Unshowable('cut_short');
        return at + end.length;
    };
    if (source.startsWith('<!--', start)) return past('-->', start + 4);
    if (source.startsWith('<?', start)) return past('?>', start + 2);
    if (source.startsWith('<![CDATA[', start)) {
        const end = past(']]>', start + 9);
        top.text += source.slice(start + 9, end - 3);
        return end;
    }
    if (source.startsWith('<!', start)) throw new Unshowable('unreadable'); // a document type has no business here
    return 0;
}

export function child(node: Node | undefined, ...path: string[]): Node | undefined {
    return path.reduce<Node | undefined>((at, name) => at?.children.find((c) => c.name === name), node);
}

export function childrenOf(node: Node | undefined, ...path: string[]): Node[] {
    return path.reduce<Node[]>((all, name) => all.flatMap((n) => n.children.filter((c) => c.name === name)), node ? [node] : []);
}
