// SPDX-License-Identifier: Apache-2.0
// What is typed here outlives a reload: sealed on this machine under a name, forgotten when it was done.
import { useEffect, useRef, useState } from 'preact/hooks';
import { keep } from '../app/session';

/** Like useState; `ready` once what was kept has been read. `forget` also sets `initial` again. */
export function useKept<T>(name: string, initial: T): { value: T; set(value: T): void; forget(): void; ready: boolean; found: boolean } {
    const [state, setState] = useState<{ name: string; value: T; ready: boolean; found: boolean }>({ name, value: initial, ready: false, found: false });
    const current = useRef(name);
    current.current = name;
    useEffect(() => {
        let live = true;
        const take = (kept: T | undefined): void => { if (live) setState({ name, value: kept ?? initial, ready: true, found: kept !== undefined }); };
        (keep.value?.get<T>(name) ?? Promise.resolve(undefined)).then(take, () => take(undefined));
        return () => void (live = false);
    }, [name]);
    const fresh = state.name === name;
    return {
        value: fresh ? state.value : initial,
        ready: fresh && state.ready,
        found: fresh && state.found,
        set: (value) => {
            setState({ name, value, ready: true, found: true });
            void keep.value?.put(name, value).catch(() => undefined); // shown all the same
        },
        forget: () => {
            setState({ name, value: initial, ready: true, found: false });
            void keep.value?.delete(name).catch(() => undefined);
        },
    };
}
