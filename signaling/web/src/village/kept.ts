// SPDX-License-Identifier: Apache-2.0
// What is being typed on a page, sealed at each key and there again after a reload.
import { useEffect, useRef, useState } from 'preact/hooks';
import { keep } from '../app/session';

/** [value, change some of it, forget it]. `name` is below form/. */
export function useKept<T extends object>(name: string, first: T): [T, (with_: Partial<T>) => void, () => Promise<void>] {
    const full = `form/${name}`;
    const [value, setValue] = useState(first);
    const now = useRef(first); // several changes may come before the next drawing
    const typed = useRef(false);
    useEffect(() => {
        typed.current = false;
        void keep.value?.get<T>(full).then((kept) => {
            if (kept && !typed.current) setValue((now.current = { ...first, ...kept }));
        });
    }, [full]);
    const set = (with_: Partial<T>): void => {
        typed.current = true;
        setValue((now.current = { ...now.current, ...with_ }));
        if (JSON.stringify(now.current) === JSON.stringify(first)) void keep.value?.delete(full); // nothing was typed
        else void keep.value?.put(full, now.current);
    };
    return [value, set, async () => { setValue((now.current = first)); await keep.value?.delete(full); }];
}
