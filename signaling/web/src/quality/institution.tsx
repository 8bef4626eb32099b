// SPDX-License-Identifier: Apache-2.0
// One's own institution or one that is found by name; the server says whether it is below one's own.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { account } from '../app/session';
import { Field } from '../ui/ui';
import { server } from '../wire/server';
import { words } from './text';

interface Found { id: string; name: string; level: number }
const SETTLE_MS = 300;

export function InstitutionChoice({ value, onChange }: { value: string; onChange(id: string, name: string): void }): JSX.Element {
    const own = account.value!.institution;
    const [text, setText] = useState('');
    const [found, setFound] = useState<Found[]>([]);
    useEffect(() => {
        if (text.trim().length < 2) {
            setFound([]);
            return;
        }
        const timer = setTimeout(() => {
            server.call('directory.institutions', { q: text.trim(), limit: 30 }).then((r) => setFound(r.institutions), () => setFound([]));
        }, SETTLE_MS);
        return () => clearTimeout(timer);
    }, [text]);
    const options = [own, ...found.filter((f) => f.id !== own.id)];
    return <>
        <Field label={words('findInstitution')}><input type="search" value={text} onInput={(e) => setText(e.currentTarget.value)} /></Field>
        <Field label={words('institution')}><select value={value} onChange={(e) => onChange(e.currentTarget.value, options.find((o) => o.id === e.currentTarget.value)?.name ?? '')}>
            {!options.some((o) => o.id === value) && <option value={value}>{value}</option>}
            {options.map((o) => <option key={o.id} value={o.id}>{o.id === own.id ? words('ownAndBelow', { name: o.name }) : o.name}</option>)}</select></Field>
    </>;
}

// ---- names of what is below ----

const names = new Map<string, string>();
const below = new Map<string, string>(); // id -> parent
const walked = new Set<string>();
const CALLS_MAX = 60;

/** Names of institutions below one's own, walked level by level until all of `ids` are known. */
export async function namesOf(ids: string[]): Promise<Map<string, string>> {
    const own = account.value!.institution;
    names.set(own.id, own.name);
    const queue = [own.id];
    for (let calls = 0; queue.length && calls < CALLS_MAX && ids.some((id) => !names.has(id)); ) {
        const parent = queue.shift()!;
        let cursor: string | undefined;
        do {
            if (walked.has(parent)) break;
            const reply = await server.call('directory.institutions', { parent, limit: 200, ...(cursor ? { cursor } : {}) });
            for (const one of reply.institutions) {
                below.set(one.id, parent);
                names.set(one.id, one.name);
            }
            cursor = reply.next;
            calls++;
        } while (cursor);
        walked.add(parent);
        for (const [id, of] of below) if (of === parent) queue.push(id);
    }
    return names;
}
