// SPDX-License-Identifier: Apache-2.0
// A form whose every change is kept at once under a name and is there again after a reload.
import { useEffect, useRef, useState } from 'preact/hooks';
import { keep } from '../app/session';

export interface Kept<T> {
    value: T;
    /** What was kept has been read: a field is shown from then on, so that nothing typed is written over by it. */
    ready: boolean;
    set(change: Partial<T>): void;
    /** It is `first` again, and nothing is kept. */
    forget(): Promise<void>;
}

/** `name` begins with form/, where outbox/start.ts looks for files that are still named. */
export function useKept<T extends object>(name: `form/${string}`, first: T): Kept<T> {
    const [shown, setShown] = useState<{ name: string; value: T } | null>(null);
    const now = useRef<{ name: string; value: T } | null>(null); // several changes may come before the next drawing
    const show = (value: T): void => setShown((now.current = { name, value }));
    useEffect(() => {
        let live = true;
        const take = (kept?: T): void => { if (live && now.current?.name !== name) show({ ...first, ...kept }); };
        (keep.value?.get<T>(name) ?? Promise.resolve(undefined)).then(take, () => take());
        return () => void (live = false);
    }, [name]);
    const ready = shown?.name === name;
    return {
        value: ready ? shown.value : first,
        ready,
        set: (change) => {
            const value = { ...(now.current?.name === name ? now.current.value : first), ...change };
            const typed = JSON.stringify(value) !== JSON.stringify(first);
            const landed = typed ? keep.value?.put(name, value) : keep.value?.delete(name);
            landed?.catch(() => undefined); // shown all the same
            show(value);
        },
        forget: async () => {
            show(first);
            await keep.value?.delete(name);
        },
    };
}
